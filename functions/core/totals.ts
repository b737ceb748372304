/**
 * How events add up. Pure: what a batch adds, and sums with that in them.
 * @module
 */
import type { EventBatch } from "../ports/event_store.ts";
import {
  type Gifter,
  type HostTotals,
  type Ledger,
  type Ledgers,
  MOST_ROWS,
  type RecordingTotals,
  type Totals,
  type ViewerHour,
} from "../ports/totals_store.ts";

/** Gifters that {@link Totals.topGifters} names. */
export const TOP_GIFTERS = 20;

const MINUTE_MS = 60_000;
const MINUTES = 60;

/** What events add: the sums without who leads, and the rows. */
interface Sums extends Omit<Totals, "topGifters" | "gifters"> {
  byGifter: Map<string, Gifter>;
  /** Most viewers by hour since 1970, then by minute of the hour. */
  byHour: Map<number, Map<number, number>>;
}

/** What a batch adds, or a part of it: one with more rows than a write takes is cut, always in the same way. */
export interface Addition extends Sums {
  seq: number;
  part: number;
  /** Whether the batch is in with this. */
  last: boolean;
}

/**
 * What a batch adds to the totals. Counts of events are the batch's own; gifts, likes and viewers are read from its
 * events. An event in another shape than is known adds nothing but itself.
 * @param events of the batch, in order
 */
export function additionsOf(batch: Omit<EventBatch, "body">, events: readonly unknown[]): Addition[] {
  const parts = [emptySums()];
  let sums = parts[0] ?? emptySums();
  for (const event of events) {
    if (sums.byGifter.size + sums.byHour.size >= MOST_ROWS - 1) parts.push(sums = emptySums());
    addEvent(sums, event);
  }
  const { count, types, diamonds, firstAt, lastAt } = batch;
  const facts = { count, types, diamonds, ...count > 0 && { firstAt, lastAt } };
  return parts.map((part, index) => {
    const last = index === parts.length - 1;
    return { ...part, ...last && facts, seq: batch.seq, part: index, last };
  });
}

function emptySums(): Sums {
  return {
    ...{ count: 0, types: {}, diamonds: 0, gifts: 0, likes: 0, peakViewers: 0, firstAt: undefined, lastAt: undefined },
    byGifter: new Map(),
    byHour: new Map(),
  };
}

const numberOf = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
const textOf = (value: unknown): string => typeof value === "string" ? value : "";

function addEvent(sums: Sums, event: unknown): void {
  if (typeof event !== "object" || event === null) return;
  const { type, at, count, value, user } = event as Record<string, unknown>;
  switch (type) {
    case "like":
      sums.likes += numberOf(count);
      return;
    case "viewers": {
      const minute = Math.floor(numberOf(at) / MINUTE_MS);
      const hour = Math.floor(minute / MINUTES);
      sums.peakViewers = Math.max(sums.peakViewers, numberOf(count));
      const peaks = sums.byHour.get(hour) ?? new Map<number, number>();
      sums.byHour.set(hour, peaks.set(minute % MINUTES, Math.max(peaks.get(minute % MINUTES) ?? 0, numberOf(count))));
      return;
    }
    case "gift": {
      sums.gifts += numberOf(count);
      const { id, username, nickname } = (user ?? {}) as Record<string, unknown>;
      const userId = textOf(id);
      // The end of a streak adds nothing, and who gave it is not always known.
      if (userId === "" || numberOf(count) + numberOf(value) === 0) return;
      const gift = {
        ...{ userId, username: textOf(username), nickname: textOf(nickname), lastAt: numberOf(at) },
        ...{ diamonds: numberOf(value), gifts: numberOf(count) },
      };
      sums.byGifter.set(userId, sumOfGifters(sums.byGifter.get(userId), gift));
    }
  }
}

function sumOfGifters(a: Gifter | undefined, b: Gifter): Gifter {
  if (a === undefined) return b;
  const { username, nickname, lastAt } = b.lastAt >= a.lastAt ? b : a;
  const { userId } = a;
  return { userId, username, nickname, lastAt, diamonds: a.diamonds + b.diamonds, gifts: a.gifts + b.gifts };
}

/** How many rows additions touch, and which. */
export function rowsOf(additions: readonly Addition[]): { gifters: string[]; hours: number[] } {
  return {
    gifters: [...new Set(additions.flatMap(({ byGifter }) => [...byGifter.keys()]))],
    hours: [...new Set(additions.flatMap(({ byHour }) => [...byHour.keys()]))],
  };
}

/**
 * Ledgers with additions in them: each once, whatever comes again.
 * @param ledgers as read, with the rows of the additions
 * @param additions of the recording, in order
 * @returns ledgers with the changed rows, or `undefined` when all were in already
 */
export function addTo(ledgers: Ledgers, additions: readonly Addition[]): Ledgers | undefined {
  const { recordingId, username } = ledgers;
  const noSums = { ...emptySums(), gifters: 0, topGifters: [] };
  const { byGifter: _, byHour: __, ...none } = noSums;
  let recording: RecordingTotals = ledgers.recording.totals ??
    { ...none, recordingId, username, seq: 0, missing: [], partial: {} };
  const added = emptySums();
  let changed = false;
  for (const addition of additions) {
    if (isIn(recording, addition)) continue;
    merge(added, addition);
    recording = markIn(recording, addition);
    changed = true;
  }
  if (!changed) return undefined;
  const host: HostTotals = ledgers.host.totals ?? { ...none, username, recordings: 0 };
  const begins = ledgers.recording.totals === undefined ? 1 : 0;
  return {
    ...{ recordingId, username },
    recording: grown(ledgers.recording, recording, added),
    host: grown(ledgers.host, { ...host, recordings: host.recordings + begins }, added),
  };
}

/** Whether a batch, or a part of it, is in the sums. */
function isIn({ seq, missing, partial }: RecordingTotals, addition: Pick<Addition, "seq" | "part">): boolean {
  const whole = addition.seq <= seq && !missing.some(([from, to]) => from <= addition.seq && addition.seq <= to);
  return whole || addition.part < (partial[addition.seq] ?? 0);
}

function markIn(totals: RecordingTotals, { seq, part, last }: Addition): RecordingTotals {
  const { [seq]: _, ...others } = totals.partial;
  const partial = last ? others : { ...others, [seq]: part + 1 };
  // A batch whose first part is in is passed by others as one that is missing, until its last part is.
  if (!last) return { ...totals, partial };
  if (seq > totals.seq) {
    const hole: [number, number][] = seq > totals.seq + 1 ? [[totals.seq + 1, seq - 1]] : [];
    return { ...totals, seq, partial, missing: [...totals.missing, ...hole] };
  }
  const missing = totals.missing.flatMap(([from, to]): [number, number][] => {
    if (seq < from || seq > to) return [[from, to]];
    const parts: [number, number][] = [[from, seq - 1], [seq + 1, to]];
    return parts.filter(([first, end]) => first <= end);
  });
  return { ...totals, partial, missing };
}

function merge(sums: Sums, more: Sums): void {
  Object.assign(sums, mergedScalars(sums, more));
  for (const [id, gifter] of more.byGifter) sums.byGifter.set(id, sumOfGifters(sums.byGifter.get(id), gifter));
  for (const [hour, peaks] of more.byHour) {
    const mine = sums.byHour.get(hour) ?? new Map<number, number>();
    for (const [minute, peak] of peaks) mine.set(minute, Math.max(mine.get(minute) ?? 0, peak));
    sums.byHour.set(hour, mine);
  }
}

type Scalars = Omit<Totals, "topGifters" | "gifters">;

function mergedScalars(a: Scalars, b: Scalars): Scalars {
  const types = { ...a.types };
  for (const [type, count] of Object.entries(b.types)) types[type] = (types[type] ?? 0) + count;
  return {
    types,
    count: a.count + b.count,
    diamonds: a.diamonds + b.diamonds,
    gifts: a.gifts + b.gifts,
    likes: a.likes + b.likes,
    peakViewers: Math.max(a.peakViewers, b.peakViewers),
    firstAt: a.firstAt === undefined ? b.firstAt : Math.min(a.firstAt, b.firstAt ?? a.firstAt),
    lastAt: a.lastAt === undefined ? b.lastAt : Math.max(a.lastAt, b.lastAt ?? a.lastAt),
  };
}

function grown<T extends Totals>(ledger: Ledger<T>, totals: T, added: Sums): Ledger<T> {
  const before = new Map(ledger.gifters.map((gifter) => [gifter.userId, gifter]));
  const gifters = [...added.byGifter].map(([id, gifter]) => sumOfGifters(before.get(id), gifter));
  const hoursBefore = new Map(ledger.hours.map(({ hour, peaks }) => [hour, peaks]));
  const hours = [...added.byHour].map(([hour, minutes]): ViewerHour => {
    const peaks = { ...hoursBefore.get(hour) };
    for (const [minute, peak] of minutes) peaks[minute] = Math.max(peaks[minute] ?? 0, peak);
    return { hour, peaks };
  });
  const changed = new Set(gifters.map(({ userId }) => userId));
  const others = totals.topGifters.filter(({ userId }) => !changed.has(userId));
  const topGifters = [...others, ...gifters].sort(byPlace).slice(0, TOP_GIFTERS);
  const newcomers = gifters.filter(({ userId }) => !before.has(userId)).length;
  return {
    totals: { ...totals, ...mergedScalars(totals, added), gifters: totals.gifters + newcomers, topGifters },
    ...{ version: ledger.version + 1, gifters, hours },
  };
}

/** Order of gifters: by diamonds, then by gifts, then by id, so that there is always one order only. */
function byPlace(a: Gifter, b: Gifter): number {
  return b.diamonds - a.diamonds || b.gifts - a.gifts || (a.userId < b.userId ? -1 : 1);
}
