import { ALERT_VERSION, type AlertBody, type AlertState } from "../contract/alerts.ts";
import { AppError } from "../contract/errors.ts";
import type { Alert, AlertDelivery, AlertStore } from "../ports/alert_store.ts";
import type { AlertTarget, SendResult } from "../ports/alert_target.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Random } from "../ports/random.ts";
import { ALERT_KEPT_MS, type AlertRules, wantsAlert } from "./alerts.ts";
import { backOffMs, waited } from "./waiting.ts";

/** A target, and what it is told. */
export type WantingTarget = AlertTarget & AlertRules["targets"][number];

/** What alerts are delivered with. */
export interface DeliverDeps {
  store: AlertStore;
  targets: readonly WantingTarget[];
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** What was delivered. */
export interface DeliverySummary {
  /** Tries that a target took, and those that failed. */
  delivered: number;
  failed: number;
  /** Alerts that were given up for a target. */
  dead: number;
}

/** How long a claim holds, ms: much longer than any target takes for a try. */
const LEASE_MS = 60_000;
/** Alerts that are under way at the same time. */
const AT_ONCE = 16;
/** First and longest time from one try to the next, ms. Fifteen tries take about six hours. */
const RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 3_600_000;
const MOST_TRIES = 15;
/** Part of the time between tries that chance takes off, so that those who failed together do not come back together. */
const JITTER = 0.5;
/** Time for which nothing is sent to a target that was late, ms: who is slow to one must not hold up the others. */
const REST_MS = 30_000;

/**
 * Brings alerts to their targets. Any number of these may work on one store: each alert is with one of them at a time.
 * An alert comes at least once, always with the same id: one that was sent and could not be noted is sent again.
 */
export class AlertDeliverer {
  readonly #deps: DeliverDeps;
  /** By target the time up to which it is left alone. */
  readonly #restsUntil = new Map<string, number>();

  constructor(deps: DeliverDeps) {
    this.#deps = deps;
  }

  /**
   * Delivers what is due now.
   * @param signal ends it after what is under way
   * @throws what the store fails with when it cannot tell what is due
   */
  async deliverDue(signal?: AbortSignal): Promise<DeliverySummary> {
    const { store, clock } = this.#deps;
    const summary: DeliverySummary = { delivered: 0, failed: 0, dead: 0 };
    while (!signal?.aborted) {
      const alerts = await store.claimAlerts({ now: clock.now(), leaseMs: LEASE_MS, limit: AT_ONCE });
      if (alerts.length === 0) break;
      await Promise.all(alerts.map((alert) => this.#deliver(alert, summary)));
    }
    return summary;
  }

  /** Delivers what comes due until `signal` aborts. @param intervalMs how often it looks */
  async follow(intervalMs: number, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    while (await waited(clock, intervalMs, signal)) {
      try {
        await this.deliverDue(signal);
      } catch (error) {
        logger.warn("alerts_not_read", { error });
      }
    }
  }

  /** Tries every target that is due. Never rejects: an alert that could not be noted comes back when the lease ends. */
  async #deliver(alert: Alert, summary: DeliverySummary): Promise<void> {
    const { store, clock, logger, targets } = this.#deps;
    const { id, kind, recordingId, username } = alert;
    const message = { id, kind, recordingId, username, body: JSON.stringify(bodyOf(alert)) };
    const wanting = targets.filter((target) => wantsAlert({ targets: [target] }, kind, username));
    const tried = wanting.map(async (target): Promise<[string, AlertDelivery]> => {
      const before = alert.deliveries[target.name] ?? { state: "pending", tries: 0 };
      if (before.state !== "pending" || (before.dueAt ?? 0) > clock.now()) return [target.name, before];
      const result = await this.#send(target, message);
      return [target.name, this.#judge(alert, target.name, before, result, summary)];
    });
    const deliveries = { ...withoutTarget(alert, wanting), ...Object.fromEntries(await Promise.all(tried)) };
    const { state, dueAt } = sumOf(deliveries);
    try {
      const expiresAt = clock.now() + ALERT_KEPT_MS;
      if (!await store.settleAlert(alert, { state, dueAt, deliveries, expiresAt })) {
        logger.warn("alert_taken", { alertId: id });
      }
    } catch (error) {
      logger.error("alert_not_settled", { alertId: id, error });
    }
  }

  async #send(target: AlertTarget, message: Parameters<AlertTarget["send"]>[0]): Promise<SendResult> {
    const { clock } = this.#deps;
    if (clock.now() < (this.#restsUntil.get(target.name) ?? 0)) {
      return { delivered: false, problem: "not sent: the target did not answer another alert in time" };
    }
    const result = await target.send(message);
    if (result.delivered) this.#restsUntil.delete(target.name);
    else if (result.late) this.#restsUntil.set(target.name, clock.now() + REST_MS);
    return result;
  }

  #judge(
    { id, kind, username }: Alert,
    target: string,
    before: AlertDelivery,
    result: SendResult,
    summary: DeliverySummary,
  ): AlertDelivery {
    const { clock, random, logger } = this.#deps;
    const now = clock.now();
    const tries = before.tries + 1;
    const of = { alertId: id, kind, username, target, tries };
    if (result.delivered) {
      summary.delivered++;
      logger.info("alert_delivered", of);
      return { state: "delivered", tries, triedAt: now };
    }
    const { problem, retryAfterMs = 0 } = result;
    summary.failed++;
    if (tries >= MOST_TRIES) {
      summary.dead++;
      logger.error("alert_dead", { ...of, problem });
      return { state: "dead", tries, triedAt: now, problem };
    }
    const ownMs = backOffMs(RETRY_MS, tries, LONGEST_RETRY_MS) * (1 - JITTER * random());
    const dueAt = Math.round(now + Math.max(ownMs, Math.min(retryAfterMs, LONGEST_RETRY_MS)));
    logger.warn("alert_not_delivered", { ...of, problem, dueAt });
    return { state: "pending", tries, triedAt: now, dueAt, problem };
  }
}

/**
 * Makes a dead alert pending again, for those targets that did not get it.
 * @returns the alert as it is then
 * @throws AppError `not_found`; `conflict` for one that is not dead
 */
export async function resendAlert(store: AlertStore, id: string, now: number): Promise<Alert> {
  const alert = await store.getAlert(id);
  if (alert === undefined) {
    throw new AppError("not_found", `Find alert ${id}: there is none`, { remedy: "GET /alerts lists them" });
  }
  const deliveries = Object.fromEntries(
    Object.entries(alert.deliveries).map(([target, delivery]): [string, AlertDelivery] => [
      target,
      delivery.state === "dead" ? { state: "pending", tries: 0, dueAt: now } : delivery,
    ]),
  );
  const next = { state: "pending", dueAt: now, deliveries, expiresAt: now + ALERT_KEPT_MS } as const;
  if (alert.state !== "dead" || !await store.settleAlert(alert, next)) {
    throw new AppError("conflict", `Send alert ${id} again: it is not dead`, {
      remedy: "Only alerts that were given up can be sent again",
    });
  }
  return { ...alert, ...next };
}

/** The words of an alert: always the same for one id. */
export function bodyOf({ id, kind, at, username, recordingId, data }: Alert): AlertBody {
  return { version: ALERT_VERSION, id, kind, at, username, recording_id: recordingId, data };
}

/** How far an alert is with targets that are not told about it any more: what waits for one waits for ever. */
function withoutTarget({ deliveries }: Alert, wanting: readonly AlertTarget[]): Record<string, AlertDelivery> {
  const left = Object.entries(deliveries).filter(([name]) => wanting.every((target) => target.name !== name));
  return Object.fromEntries(left.map(([name, delivery]): [string, AlertDelivery] => [
    name,
    delivery.state !== "pending"
      ? delivery
      : { ...delivery, state: "dead", dueAt: undefined, problem: "the target is not told about it any more" },
  ]));
}

function sumOf(deliveries: Readonly<Record<string, AlertDelivery>>): { state: AlertState; dueAt: number | undefined } {
  const all = Object.values(deliveries);
  const pending = all.filter(({ state }) => state === "pending");
  if (pending.length > 0) return { state: "pending", dueAt: Math.min(...pending.map(({ dueAt = 0 }) => dueAt)) };
  return { state: all.some(({ state }) => state === "dead") ? "dead" : "delivered", dueAt: undefined };
}
