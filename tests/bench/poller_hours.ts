/**
 * Hours of a poller on a clock of its own: how late names are checked under a request budget.
 * @module
 */
import { sqliteStore } from "../../functions/adapters/local/sqlite_store.ts";
import { addStart, pollIntervalMs } from "../../functions/core/poll_interval.ts";
import { type PollOptions, pollWatchlist } from "../../functions/core/poll_watchlist.ts";
import { RequestBudget } from "../../functions/core/request_budget.ts";
import { Upstream } from "../../functions/core/upstream.ts";
import type { Watch, WatchCheck } from "../../functions/ports/watch_store.ts";
import { createRandom } from "../standin/prng.ts";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { FakeLookup } from "../fakes/fake_lookup.ts";
import { ManualClock } from "../fakes/manual_clock.ts";

/** What {@link pollForHours} simulates. */
export interface HoursOptions {
  watches: number;
  /** Names that come on the list at once after an hour, beside those that are there. */
  imported: number;
  hours: number;
  requestsPerMinute: number;
  burst: number;
  /** Time that TikTok takes to answer, ms. */
  answerMs: number;
  poll: PollOptions;
  seed: string;
}

/** What came of it. */
export interface HoursResult {
  checks: number;
  requests: number;
  /** Lives that lasted for two intervals or more within these hours, and those of them without a recording. */
  lives: number;
  missed: number;
  /** Greatest time between two checks of a name, in parts of its interval at the time. */
  worstParts: number;
  /** Longest time from a live's beginning to its recording, ms. */
  slowestFindMs: number;
}

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;
/** Part of the hosts who go live at an hour of their own each week, and part of all who are on air at the beginning. */
const WITH_HABIT = 0.3;
const ON_AIR = 0.03;

/**
 * Polls a watchlist for some hours, as it goes on: names are due evenly over the interval at the beginning. Hosts go live
 * at their hours, for an hour; more names are imported on the way.
 */
export async function pollForHours(options: HoursOptions): Promise<HoursResult> {
  const { watches, imported, requestsPerMinute, burst, answerMs, poll, seed } = options;
  const prng = createRandom(seed);
  const random = () => prng.next();
  const clock = new ManualClock();
  const begunAt = clock.now();
  const store = sqliteStore(":memory:");
  const lookup = new FakeLookup();
  const budget = new RequestBudget({ requestsPerMinute, burst, clock, random });
  let requests = 0;
  const asked = async <T>(answer: () => Promise<T>): Promise<T> => {
    await budget.take();
    requests++;
    await clock.sleep(answerMs);
    return await answer();
  };
  const slow = Object.assign(Object.create(lookup) as FakeLookup, {
    links: (names: readonly string[]) => asked(() => lookup.links(names)),
    alive: (roomIds: readonly string[]) => asked(() => lookup.alive(roomIds)),
  });

  const ending = new AbortController();
  /** By name its last check, or the time from which on it was due, and its interval since. */
  const last = new Map<string, { at: number; intervalMs: number }>();
  // When hosts go live and offline, in order.
  const turns: { at: number; turn(): void }[] = [];
  const liveSince = new Map<string, number>();
  const long = new Set<string>();
  const endsAt = begunAt + options.hours * HOUR_MS;
  let lives = 0;
  const goLive = (name: string, at: number, forMs: number) => {
    const roomId = String(7_000_000 + lives++);
    if (Math.min(at + forMs, endsAt) - at >= 2 * poll.intervalMs) long.add(roomId);
    turns.push({
      at,
      turn() {
        lookup.live(name, roomId);
        liveSince.set(roomId, at);
      },
    });
    turns.push({ at: at + forMs, turn: () => lookup.offline(name) });
  };
  for (let i = 0; i < watches; i++) {
    const name = `host${i}`;
    lookup.offline(name);
    const dueAt = Math.round(begunAt + random() * poll.intervalMs);
    await store.putWatch(name, dueAt);
    last.set(name, { at: dueAt, intervalMs: poll.intervalMs });
    let hours: Watch["hours"];
    if (random() < ON_AIR) goLive(name, begunAt, random() * options.hours * HOUR_MS);
    else if (random() < WITH_HABIT) {
      const startsAt = begunAt + random() * WEEK_MS;
      for (let week = 8; week > 0; week--) hours = addStart(hours, Math.round(startsAt - week * WEEK_MS));
      if (startsAt < endsAt) goLive(name, startsAt, HOUR_MS);
    }
    const known: WatchCheck = { nextCheckAt: dueAt, state: "offline", failures: 0, hours };
    await store.completeCheck({ username: name, claimToken: 0 }, known);
  }
  const importAt = begunAt + HOUR_MS;
  for (let i = 0; i < imported; i++) {
    const name = `new.host${i}`;
    lookup.offline(name);
    last.set(name, { at: importAt, intervalMs: poll.intervalMs });
    turns.push({ at: importAt, turn: () => void store.putWatch(name, importAt) });
  }
  turns.push({ at: endsAt, turn: () => ending.abort() });
  turns.sort((a, b) => a.at - b.at);

  let checks = 0;
  let worstParts = 0;
  let slowestFindMs = 0;
  const measured = Object.assign(Object.create(store) as typeof store, {
    async completeCheck(watch: Watch, check: WatchCheck) {
      const now = clock.now();
      const { at, intervalMs } = last.get(watch.username) ?? { at: now, intervalMs: 1 };
      worstParts = Math.max(worstParts, (now - at) / intervalMs);
      last.set(watch.username, { at: now, intervalMs: pollIntervalMs(poll, { ...watch, ...check }, now) });
      checks++;
      return await store.completeCheck(watch, check);
    },
    async wantRecording(wanted: { roomId: string; username: string; title: string }, now: number) {
      const result = await store.wantRecording(wanted, now);
      if (result.created) {
        slowestFindMs = Math.max(slowestFindMs, now - (liveSince.get(wanted.roomId) ?? now));
      }
      return result;
    },
  });
  const polling = pollWatchlist(
    {
      store: measured,
      lookup: new Upstream({ lookup: slow, budget, clock, random }).patient,
      ...{ budget, clock, random, logger: new CaptureLogger() },
      launcher: { ensureCapacity: () => Promise.resolve() },
    },
    { ...poll, stayMs: Infinity },
    ending.signal,
  );
  for (const { at, turn } of turns.filter(({ at }) => at <= endsAt)) {
    await clock.advance(Math.max(0, at - clock.now()));
    turn();
  }
  await clock.advance(answerMs);
  await polling;
  // Names that nobody came back to are late too.
  for (const { at, intervalMs } of last.values()) worstParts = Math.max(worstParts, (endsAt - at) / intervalMs);
  let missed = 0;
  for (const roomId of long) if (await store.getRecording(roomId) === undefined) missed++;
  store.close();
  return { checks, requests, lives: long.size, missed, worstParts, slowestFindMs };
}
