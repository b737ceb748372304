/**
 * The events of a recording as files: JSON lines, a table, and the chat as subtitles of the video. Pieces of text come as
 * they are read, each with the place behind it, so that a reader can stop and go on.
 * @module
 */
import { chatCues, type MediaClock, mediaClock, VTT_HEAD } from "@roomtone/sdk/media";
import { csvRow } from "../contract/csv.ts";
import type { RecordingStore, Segment } from "../ports/recording_store.ts";
import { type EventsDeps, type PlacedEvent, waitForEvents } from "./recording_events.ts";

/** Forms of an export. */
export type ExportFormat = "jsonl" | "csv" | "vtt";

/** A piece of an export. */
export interface ExportPiece {
  text: string;
  /** Place in the events behind it. */
  after: string;
}

type Event = Record<string, unknown>;

/** Events that are read together. */
const PAGE = 500;
const NEVER = new AbortController().signal;

/**
 * Reads the events from a place to the end that they have now, and writes them.
 * @param after a place, as text; `0` is the beginning. What begins a file is written there only
 * @throws AppError `not_found`
 */
export async function* exportEvents(
  deps: EventsDeps & { store: Pick<RecordingStore, "listSegments"> },
  recordingId: string,
  format: ExportFormat,
  after: string,
): AsyncGenerator<ExportPiece> {
  const write = format === "jsonl"
    ? ({ event }: PlacedEvent) => `${JSON.stringify(event)}\n`
    : format === "csv"
    ? ({ event }: PlacedEvent) => csvLine(event)
    : chatPieces(await clockOf(deps.store, recordingId));
  const head = after !== "0" ? "" : format === "csv" ? CSV_HEAD : format === "vtt" ? VTT_HEAD : "";
  const types = format === "vtt" ? ["chat"] : undefined;
  if (head !== "") yield { text: head, after };
  for (let place = after;;) {
    const page = await waitForEvents(deps, recordingId, { after: place, types, limit: PAGE }, 0, NEVER);
    for (const placed of page.events) yield { text: write(placed), after: placed.place };
    if (page.after === place) return;
    place = page.after;
  }
}

const CSV_COLUMNS: readonly [name: string, value: (event: Event) => unknown][] = [
  ["at", ({ at }) => typeof at === "number" ? new Date(at).toISOString() : ""],
  ["type", ({ type }) => type],
  ["id", ({ id }) => id],
  ["user_id", ({ user }) => field(user, "id")],
  ["username", ({ user }) => field(user, "username")],
  ["nickname", ({ user }) => field(user, "nickname")],
  ["text", ({ text }) => text],
  ["gift", ({ type, name }) => type === "gift" ? name : ""],
  ["count", ({ count }) => count],
  ["total", ({ total }) => total],
  ["diamonds", ({ value }) => value],
  ["history", ({ history }) => history === true ? "true" : ""],
];
const CSV_HEAD = csvRow(CSV_COLUMNS.map(([name]) => name));

/** A line of the table. */
function csvLine(event: Event): string {
  return csvRow(CSV_COLUMNS.map(([, value]) => value(event)));
}

async function clockOf(store: Pick<RecordingStore, "listSegments">, recordingId: string): Promise<MediaClock> {
  const segments: Segment[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listSegments(recordingId, { limit: 1_000, cursor });
    segments.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return mediaClock(segments);
}

function chatPieces(clock: MediaClock): (placed: PlacedEvent) => string {
  const cue = chatCues(clock);
  return ({ event }) => cue(event);
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Event)[name] : undefined;
}
