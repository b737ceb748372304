import type { EventBatch } from "../ports/event_store.ts";
import type { EventLine } from "../ports/recorder.ts";
import { KnownPeople } from "./event_people.ts";

/** Most packed bytes of one batch: an item of DynamoDB holds 400 KB, names and numbers included. */
const MAX_BODY_BYTES = 350_000;

/** Where a batch goes. */
export type BatchPlace = Pick<EventBatch, "recordingId" | "seq" | "token">;

/**
 * Packs events into batches for the log: one, or more when they are too big for one.
 * @param lines in order, at least one
 * @param place of the first batch; the following ones come right after it
 * @param people whom the log has told about; it takes in what the new batches tell @default nobody
 */
export async function packEvents(
  lines: readonly EventLine[],
  place: BatchPlace,
  people: KnownPeople = new KnownPeople(),
): Promise<EventBatch[]> {
  const { lines: referred, learned } = people.refer(lines.map(({ json }) => json), place.seq);
  const body = await gzip(referred.map((line) => `${line}\n`).join(""));
  if (body.length <= MAX_BODY_BYTES) {
    people.learn(learned);
    return [{ ...place, ...factsOf(lines), body }];
  }
  const [only] = lines;
  if (lines.length === 1 && only !== undefined) {
    const { type, at } = only;
    return await packEvents([{ ...only, json: JSON.stringify({ type, at, truncated: true }) }], place, people);
  }
  const middle = Math.ceil(lines.length / 2);
  const first = await packEvents(lines.slice(0, middle), place, people);
  const second = await packEvents(lines.slice(middle), { ...place, seq: place.seq + first.length }, people);
  return [...first, ...second];
}

/**
 * The events of a batch, each a line of JSON. A person whom an earlier line of the recording tells about is a reference:
 * `{"id": "...", "facts": "12-5"}`, see `event_people.ts`; gifts have the names beside it.
 */
export async function unpackEvents(batch: EventBatch): Promise<string[]> {
  if (batch.count === 0) return [];
  const text = await new Response(
    new Blob([new Uint8Array(batch.body)]).stream().pipeThrough(new DecompressionStream("gzip")),
  ).text();
  return text.split("\n").filter((line) => line !== "");
}

/** Message ids of the events in batches. */
export async function idsOf(batches: readonly EventBatch[]): Promise<Set<string>> {
  const lines = (await Promise.all(batches.map(unpackEvents))).flat();
  const ids = lines.map((line) => (JSON.parse(line) as { id?: unknown }).id);
  return new Set(ids.filter((id): id is string => typeof id === "string" && id !== ""));
}

function factsOf(lines: readonly EventLine[]): Pick<EventBatch, "count" | "types" | "diamonds" | "firstAt" | "lastAt"> {
  const types: Record<string, number> = {};
  let diamonds = 0;
  let firstAt = Number.MAX_SAFE_INTEGER;
  let lastAt = 0;
  for (const line of lines) {
    types[line.type] = (types[line.type] ?? 0) + 1;
    diamonds += line.diamonds;
    firstAt = Math.min(firstAt, line.at);
    lastAt = Math.max(lastAt, line.at);
  }
  return { count: lines.length, types, diamonds, firstAt, lastAt };
}

async function gzip(text: string): Promise<Uint8Array> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
