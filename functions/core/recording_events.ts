import type { Clock } from "../ports/clock.ts";
import type { EventStore } from "../ports/event_store.ts";
import type { RecordingStore } from "../ports/recording_store.ts";
import { mapBounded } from "./bounded.ts";
import { unpackEvents } from "./event_batches.ts";
import { PeopleCache, PeopleReader } from "./event_people.ts";
import { noRecording } from "./manage_recordings.ts";
import { waited } from "./waiting.ts";

/** A place in the events of a recording: behind batch `seq`, and behind `line` events of the batch that follows. */
interface Place {
  seq: number;
  line: number;
}

/** An event, and the place behind it. */
export interface PlacedEvent {
  event: Record<string, unknown>;
  place: string;
}

/** Events of a recording, in order. */
export interface EventsPage {
  events: PlacedEvent[];
  /** The place behind all that was looked at. */
  after: string;
  /** Whether this is the end of the log for ever. */
  finished: boolean;
}

/** What to read. */
export interface EventsRequest {
  /** A place, as text; `0` is the beginning. */
  after: string;
  /** Only events of these types. @default all */
  types?: readonly string[] | undefined;
  /** Most events. */
  limit: number;
}

/** What the events are read with. */
export interface EventsDeps {
  store: Pick<EventStore, "listEvents"> & Pick<RecordingStore, "getRecording">;
  clock: Clock;
  /** People whom earlier reads met. @default none */
  people?: PeopleCache | undefined;
}

/** Form of a place: `12`, or `12-5`. */
export const PLACE = /^(\d{1,12})(?:-(\d{1,6}))?$/;

/** Batches that are read together, and the most that one page looks at. */
const BATCHES_AT_ONCE = 10;
const MOST_BATCHES = 100;
/** Earlier batches that a page may have to read for its people; a page that would need more ends before. */
const MOST_PEOPLE_BATCHES = 200;
/** Reads of such batches at the same time. */
const READS_AT_ONCE = 16;
/** How often the log is looked at while a caller waits, ms. */
const LOOK_MS = 500;

/**
 * Reads events. When there are none, waits for some.
 * @param waitMs longest wait, ms; 0 for none
 * @param signal ends the wait: the page is then empty
 * @throws AppError `not_found`
 */
export async function waitForEvents(
  { store, clock, people = new PeopleCache() }: EventsDeps,
  recordingId: string,
  request: EventsRequest,
  waitMs: number,
  signal: AbortSignal,
): Promise<EventsPage> {
  const until = clock.now() + waitMs;
  for (let after = request.after;;) {
    // In this order: when the recording is finished, every event that it will ever have is there.
    const recording = await store.getRecording(recordingId);
    if (recording === undefined || recording.state === "deleting") throw noRecording(recordingId);
    const { atEnd, ...page } = await readEvents(store, recordingId, { ...request, after }, people);
    const finished = atEnd && recording.state === "finished";
    const leftMs = until - clock.now();
    if (page.events.length > 0 || finished || leftMs <= 0) return { ...page, finished };
    if (atEnd && !await waited(clock, Math.min(LOOK_MS, leftMs), signal)) return { ...page, finished };
    after = page.after;
  }
}

async function readEvents(
  store: EventsDeps["store"],
  recordingId: string,
  { after, types, limit }: EventsRequest,
  cache: PeopleCache,
): Promise<Omit<EventsPage, "finished"> & { atEnd: boolean }> {
  const people = new PeopleReader(recordingId, cache);
  const events: PlacedEvent[] = [];
  const page = async (place: Place, atEnd: boolean) => {
    await readPeople(store, recordingId, people);
    const whole = events.map(({ event, place }) => ({ event: people.restore(event), place }));
    return { events: whole, after: placeText(place), atEnd };
  };
  let { seq, line } = readPlace(after);
  for (let looked = 0; looked < MOST_BATCHES; looked += BATCHES_AT_ONCE) {
    const batches = await store.listEvents(recordingId, { after: seq, limit: BATCHES_AT_ONCE });
    for (const batch of batches) {
      const wanted = types === undefined || types.some((type) => type in batch.types);
      const lines = wanted ? await unpackEvents(batch) : [];
      if (wanted) people.give(batch.seq, lines);
      for (; line < lines.length; line++) {
        if (events.length === limit || people.missing.size >= MOST_PEOPLE_BATCHES) {
          return await page({ seq, line }, false);
        }
        const event = JSON.parse(lines[line] ?? "{}") as Record<string, unknown>;
        if (types !== undefined && !types.includes(String(event["type"]))) continue;
        people.want(event);
        const last = line + 1 === lines.length;
        events.push({ event, place: placeText(last ? { seq: batch.seq, line: 0 } : { seq, line: line + 1 }) });
      }
      ({ seq } = batch);
      line = 0;
    }
    if (batches.length < BATCHES_AT_ONCE) return await page({ seq, line }, true);
  }
  return await page({ seq, line }, false);
}

/** Reads the batches that tell about people. Neighbours are read together. */
async function readPeople(store: EventsDeps["store"], recordingId: string, people: PeopleReader): Promise<void> {
  const runs: number[][] = [];
  for (const seq of [...people.missing].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    const first = run?.[0];
    if (run === undefined || first === undefined || seq >= first + BATCHES_AT_ONCE) runs.push([seq]);
    else run.push(seq);
  }
  await mapBounded(runs, READS_AT_ONCE, async (run) => {
    const [first = 0] = run;
    const last = run.at(-1) ?? first;
    const batches = await store.listEvents(recordingId, { after: first - 1, limit: last - first + 1 });
    // What has been deleted since is told about nowhere.
    for (const seq of run) people.give(seq, []);
    for (const batch of batches) if (run.includes(batch.seq)) people.give(batch.seq, await unpackEvents(batch));
  });
}

function readPlace(text: string): Place {
  const [, seq = "0", line = "0"] = PLACE.exec(text) ?? [];
  return { seq: Number(seq), line: Number(line) };
}

function placeText({ seq, line }: Place): string {
  return line === 0 ? String(seq) : `${seq}-${line}`;
}
