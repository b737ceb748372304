/**
 * Batches of events for tests of totals, and what they add up to, counted in the plainest way.
 * @module
 */
import { packEvents } from "../../functions/core/event_batches.ts";
import type { EventBatch } from "../../functions/ports/event_store.ts";
import type { EventLine } from "../../functions/ports/recorder.ts";
import type { Gifter, Totals, ViewerHour } from "../../functions/ports/totals_store.ts";

const user = (id: number) => ({ id: String(id), username: `user${id}`, nickname: `User ${id}` });

/** An event's line. */
export function line(type: string, at: number, fields: Record<string, unknown> = {}): EventLine {
  const diamonds = typeof fields["value"] === "number" ? fields["value"] : 0;
  return { type, id: "", at, diamonds, json: JSON.stringify({ type, id: "", at, ...fields }) };
}

/** Some gifts of one kind. */
export function gift(at: number, giver: number, count: number, each: number): EventLine {
  return line("gift", at, { user: user(giver), giftId: "5655", diamonds: each, count, value: count * each });
}

/** Taps. */
export function like(at: number, count: number): EventLine {
  return line("like", at, { user: user(0), count, total: count });
}

/** Viewers at a time. */
export function viewers(at: number, count: number): EventLine {
  return line("viewers", at, { count, total: count, top: [] });
}

/** Packs lines as one batch. */
export async function batchOf(recordingId: string, seq: number, lines: readonly EventLine[]): Promise<EventBatch> {
  if (lines.length === 0) {
    const mark = { count: 0, types: {}, diamonds: 0, firstAt: 0, lastAt: 0, body: new Uint8Array() };
    return { recordingId, seq, token: 1, ...mark };
  }
  const [batch] = await packEvents(lines, { recordingId, seq, token: 1 });
  if (batch === undefined) throw new Error("No batch was packed");
  return batch;
}

/** What a recount of events gives. */
export interface Recount extends Omit<Totals, "topGifters"> {
  /** Everybody who gave something, by place. */
  givers: Gifter[];
  minutes: [atMs: number, peak: number][];
}

/** Counts events, from their JSON alone. */
export function recount(jsons: readonly string[]): Recount {
  const types: Record<string, number> = {};
  const givers: Record<string, Gifter> = {};
  const minutes: Record<number, number> = {};
  const sums = { diamonds: 0, gifts: 0, likes: 0, peakViewers: 0 };
  const times: number[] = [];
  for (const json of jsons) {
    // deno-lint-ignore no-explicit-any -- a test reads what it made, or what the SDK made
    const event = JSON.parse(json) as any;
    types[event.type] = (types[event.type] ?? 0) + 1;
    times.push(event.at);
    if (event.type === "like") sums.likes += event.count;
    if (event.type === "viewers") {
      const minute = event.at - event.at % 60_000;
      minutes[minute] = Math.max(minutes[minute] ?? 0, event.count);
      sums.peakViewers = Math.max(sums.peakViewers, event.count);
    }
    if (event.type !== "gift") continue;
    sums.gifts += event.count;
    sums.diamonds += event.value;
    if (!event.user?.id || event.count + event.value === 0) continue;
    const { id: userId, username, nickname } = event.user;
    const giver = givers[userId] ??= { userId, username, nickname, diamonds: 0, gifts: 0, lastAt: 0 };
    giver.diamonds += event.value;
    giver.gifts += event.count;
    if (event.at >= giver.lastAt) Object.assign(giver, { username, nickname, lastAt: event.at });
  }
  return {
    ...{ count: jsons.length, types, ...sums, gifters: Object.keys(givers).length },
    firstAt: times.reduce<number | undefined>((least, at) => Math.min(least ?? at, at), undefined),
    lastAt: times.reduce<number | undefined>((most, at) => Math.max(most ?? at, at), undefined),
    givers: Object.values(givers).sort((a, b) =>
      b.diamonds - a.diamonds || b.gifts - a.gifts || (a.userId < b.userId ? -1 : 1)
    ),
    minutes: Object.entries(minutes).map(([at, peak]): [number, number] => [Number(at), peak]).sort(([a], [b]) =>
      a - b
    ),
  };
}

/** Stored totals in the form of a {@link recount} with as many givers. */
export function counted(totals: Totals | undefined, hours: readonly ViewerHour[], of: Recount): unknown {
  const { count, types, diamonds, gifts, likes, peakViewers, gifters, topGifters, firstAt, lastAt } = totals ??
    { ...recount([]), topGifters: [] };
  const minutes = hours.flatMap(({ hour, peaks }) =>
    Object.entries(peaks).map(([minute, peak]) => [(hour * 60 + Number(minute)) * 60_000, peak])
  );
  const givers = [...topGifters, ...of.givers.slice(topGifters.length)];
  return {
    ...{ count, types, diamonds, gifts, likes, peakViewers, gifters, firstAt, lastAt, givers },
    minutes: minutes.sort(([a = 0], [b = 0]) => a - b),
  };
}
