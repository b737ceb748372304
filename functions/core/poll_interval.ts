import { type HostHours, PRIORITIES, type Watch } from "../ports/watch_store.ts";

/** Bounds of the time between two checks of a name. */
export interface PollBounds {
  /** Of a name that nothing special is known about, ms. */
  intervalMs: number;
  /** Least, ms; a smaller {@link PollBounds.intervalMs} is the least itself. */
  minIntervalMs: number;
  /** Greatest, ms; a larger {@link PollBounds.intervalMs} is the greatest itself. */
  maxIntervalMs: number;
}

/** What the interval follows from. */
export type PollFacts = Pick<Watch, "addedAt" | "priority" | "state" | "lastLiveAt" | "hours" | "failures">;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_HOURS = 168;
/** A start counts half after this time. */
const HALF_LIFE_MS = 28 * DAY_MS;
/** What has faded so far is forgotten: after about four months. */
const FORGOTTEN = 0.05;
/** Starts that make a habit: below that, an hour without one says nothing. */
const HABIT = 3;
/** How much starts in the hours beside, and on other days at the same hour, count. */
const BESIDE = 0.5;
const OTHER_DAY = 0.25;
/** In its best hours a host is looked at this many times as often. */
const MOST_HASTE = 4;
/** Hosts with a habit are looked at half as often in hours without starts. */
const QUIET_HOUR = 0.25;
/** A host who was live this long ago may come back, and is looked at twice as often, ms. */
const BACK_SOON_MS = HOUR_MS / 2;
/** A host who was not live for this long is looked at less and less often, down to a quarter. */
const SLEEPY_MS = 14 * DAY_MS;
const SLEEPIEST = 4;
/** Failures in a row after which the interval grows no more: 64 times. */
const MOST_DOUBLINGS = 6;

/**
 * Time from one check of a name to the next, before jitter. It is shorter in hours of the week when the host usually goes
 * live, and for half an hour after a live; longer in other hours, after weeks without a live, and after failures in a
 * row. Each step of priority halves it. It stays within its bounds, and never grows with the priority.
 * @param now of the check, ms
 * @returns ms, whole
 */
export function pollIntervalMs(bounds: PollBounds, facts: PollFacts, now: number): number {
  const { intervalMs, minIntervalMs, maxIntervalMs } = bounds;
  const { priority, failures } = facts;
  const steps = Math.min(PRIORITIES.greatest, Math.max(PRIORITIES.least, priority));
  const wanted = intervalMs * habitFactor(facts, now) * 2 ** (Math.min(failures, MOST_DOUBLINGS) - steps);
  const least = Math.min(minIntervalMs, intervalMs);
  const greatest = Math.max(maxIntervalMs, intervalMs);
  return Math.round(Math.min(greatest, Math.max(least, wanted)));
}

/** How many times the usual interval a host's ways ask for, a quarter to eight times. */
function habitFactor({ state, addedAt, lastLiveAt, hours }: PollFacts, now: number): number {
  // On air: only the change to another room is waited for.
  if (state === "live") return 1;
  const sinceLiveMs = now - (lastLiveAt ?? addedAt);
  if (lastLiveAt !== undefined && sinceLiveMs < BACK_SOON_MS) return Math.min(1 / 2, hourFactor(hours, now));
  const sleepy = Math.min(SLEEPIEST, Math.max(1, sinceLiveMs / SLEEPY_MS));
  return sleepy * hourFactor(hours, now);
}

function hourFactor(hours: HostHours | undefined, now: number): number {
  if (hours === undefined) return 1;
  const fade = fading(hours, now);
  const hour = hourOfWeek(now);
  const starts = (shift: number): number => fade * (hours.weights[(hour + shift + WEEK_HOURS) % WEEK_HOURS] ?? 0);
  let heat = starts(0) + BESIDE * (starts(-1) + starts(1));
  for (let day = 1; day < 7; day++) heat += OTHER_DAY * starts(24 * day);
  if (heat >= QUIET_HOUR) return 1 / Math.min(MOST_HASTE, 1 + heat);
  const all = fade * Object.values(hours.weights).reduce((sum, each) => sum + each, 0);
  return all >= HABIT ? 2 : 1;
}

/** Adds the start of a live to the hours of a host. */
export function addStart(hours: HostHours | undefined, startedAt: number): HostHours {
  const weights: Record<string, number> = {};
  const fade = hours === undefined ? 1 : fading(hours, startedAt);
  for (const [hour, weight] of Object.entries(hours?.weights ?? {})) {
    const left = Math.round(weight * fade * 1_000) / 1_000;
    if (left >= FORGOTTEN) weights[hour] = left;
  }
  const hour = hourOfWeek(startedAt);
  weights[hour] = (weights[hour] ?? 0) + 1;
  return { at: Math.max(startedAt, hours?.at ?? startedAt), weights };
}

/** What is left of weights by now. A clock that is behind the one that wrote them lets nothing grow. */
function fading({ at }: HostHours, now: number): number {
  return 2 ** (-Math.max(0, now - at) / HALF_LIFE_MS);
}

/** Hours since the week began, 0 to 167, in UTC. Weeks begin with a Thursday, as time does in 1970. */
function hourOfWeek(at: number): number {
  return Math.floor(at / HOUR_MS) % WEEK_HOURS;
}
