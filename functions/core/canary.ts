/**
 * The canary: looks at the facts of TikTok's protocol that the system relies on, and tells which of them changed.
 * @module
 */
import type { CanaryChange, CanaryFact, CanaryHost, CanaryProbe, CanaryState, CanaryStore } from "../ports/canary.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Observer } from "../ports/observer.ts";
import type { RecordingStore } from "../ports/recording_store.ts";
import { factsOf, MOST_SHARE, type SeenFact } from "./canary_facts.ts";
import { waited } from "./waiting.ts";

/** What a canary works with. */
export interface CanaryDeps {
  probe: CanaryProbe;
  store: CanaryStore & Pick<RecordingStore, "listRecordings">;
  clock: Clock;
  logger: Logger;
  metrics?: Metrics;
  observe?: Observer;
}

/** What a run found. */
export interface CanaryReport extends CanaryState {
  changes: CanaryChange[];
}

/** Hosts that are tried until one is live. */
const MOST_HOSTS = 4;
/** Runs at the same time are rare; one that is this often too late has something wrong with it. */
const MOST_TRIES = 5;

/**
 * Looks once, stores what was found, and tells each change once: in the log, as an event, and as a metric.
 * @param hosts names that are often live; hosts that are being recorded come after them
 * @throws what the store fails with, or the signal's reason
 */
export async function runCanary(
  deps: CanaryDeps,
  hosts: readonly string[] = [],
  signal?: AbortSignal,
): Promise<CanaryReport> {
  const { probe, store, clock, logger } = deps;
  const sighting = await probe.look(await hostsToTry(store, hosts), signal);
  const seen = factsOf(sighting);
  for (let tries = 1;; tries++) {
    const known = await store.readCanary();
    const ranAt = clock.now();
    const { facts, changes } = compareFacts(known?.state.facts ?? [], seen, ranAt);
    const state = { ranAt, facts, refusals: sighting.refusals };
    if (await store.writeCanary(state, known?.version ?? 0)) {
      tell(deps, state, changes);
      return { ...state, changes };
    }
    if (tries === MOST_TRIES) throw new Error("Cannot store what the canary saw: others store it all the time");
    logger.info("canary_overtaken", { tries });
  }
}

async function hostsToTry(store: CanaryDeps["store"], hosts: readonly string[]): Promise<CanaryHost[]> {
  const { items } = await store.listRecordings({ limit: MOST_HOSTS }, { state: "recording" });
  const recorded = items.map(({ id: roomId, username }) => ({ roomId, username }));
  return [...hosts.map((username) => ({ username })), ...recorded].slice(0, MOST_HOSTS);
}

function tell({ logger, metrics, observe }: CanaryDeps, state: CanaryState, changes: readonly CanaryChange[]): void {
  for (const change of changes) {
    const { fact, area, change: what, lastGood, current } = change;
    const fields = { fact, area, lastGood, current };
    if (what === "recovered") logger.info("canary_recovered", fields);
    else logger.error("canary_drifted", fields);
    if (what !== "recovered") metrics?.count("canary_changes_total", 1, area);
    observe?.({ kind: "canary_changed", ...change });
  }
  const drifts = state.facts.filter(({ drifted }) => drifted).length;
  metrics?.set("canary_drifts", drifts);
  if (state.refusals.length > 0) metrics?.count("canary_refused_total", state.refusals.length);
  for (const refusal of state.refusals) logger.warn("canary_refused", { ...refusal });
  logger.info("canary_ran", { facts: state.facts.length, drifts, changes: changes.length });
}

/**
 * Compares what was seen with what was known. Facts that were not seen stay as they were; a fact that drifted is told
 * once, again only when it changes again, and when it is as it was.
 * @param at when it was seen, ms
 */
export function compareFacts(
  previous: readonly CanaryFact[],
  seen: readonly SeenFact[],
  at: number,
): { facts: CanaryFact[]; changes: CanaryChange[] } {
  const facts = new Map(previous.map((fact) => [fact.name, fact]));
  const changes: CanaryChange[] = [];
  for (const { name, area, value, expected, judge } of seen) {
    const before = facts.get(name);
    const lastGood = before?.lastGood ?? expected ?? value;
    const drifted = !fits(judge, value, lastGood);
    const since = before?.current === value ? before.since : at;
    facts.set(name, {
      ...{ name, area, current: value, since, drifted },
      ...(drifted ? { lastGood, lastGoodAt: before?.lastGoodAt ?? 0 } : { lastGood: value, lastGoodAt: at }),
    });
    const wasDrifted = before?.drifted ?? false;
    const again = drifted && wasDrifted && judge === undefined && before?.current !== value;
    if (!again && drifted === wasDrifted) continue;
    const change = !drifted ? "recovered" : again ? "changed" : "drifted";
    changes.push({ fact: name, area, change, lastGood, current: value });
  }
  return { facts: [...facts.values()], changes };
}

function fits(judge: SeenFact["judge"], value: string, lastGood: string): boolean {
  if (judge === "share") return Number(value) <= MOST_SHARE;
  if (judge === "range") return Number(value) * 4 >= Number(lastGood) && Number(value) <= Number(lastGood) * 4;
  return value === lastGood;
}

/** Runs the canary from time to time until `signal` aborts; the first time after one interval. */
export async function followCanary(
  deps: CanaryDeps,
  { intervalMs, hosts }: { intervalMs: number; hosts: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  while (await waited(deps.clock, intervalMs, signal)) {
    try {
      await runCanary(deps, hosts, signal);
    } catch (error) {
      if (!signal.aborted) deps.logger.error("canary_failed", { error });
    }
  }
}
