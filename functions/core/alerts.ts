import type { AlertKind, AlertsPolicy } from "../contract/alerts.ts";
import { redactText } from "../contract/redaction.ts";
import type { AlertFacts, AlertStore } from "../ports/alert_store.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventBatch } from "../ports/event_store.ts";
import type { Logger } from "../ports/logger.ts";
import type { Recording, RecordingOutcome, RecordingStore } from "../ports/recording_store.ts";

/** Which alerts somebody wants: no other is raised. */
export type AlertRules = Pick<AlertsPolicy, "giftDiamonds"> & {
  targets: readonly { kinds: readonly AlertKind[]; hosts?: readonly string[] | undefined }[];
};

/** An alert of which the host may not be known yet. */
export type FoundAlert = Omit<AlertFacts, "username"> & { username?: string };

/** What alerts are raised with. */
export interface AlertDeps {
  store: AlertStore & Pick<RecordingStore, "getRecording">;
  clock: Pick<Clock, "now">;
  logger: Logger;
  rules: AlertRules;
}

/** Time for which an alert is remembered after its last change, ms. Nothing that is read again is older. */
export const ALERT_KEPT_MS = 30 * 86_400_000;

/** Raises alerts, see {@link raiseAlerts}. */
export type RaiseAlerts = (alerts: readonly FoundAlert[]) => Promise<void>;

/** Whether somebody wants alerts of this kind. @param username @default of any host */
export function wantsAlert({ targets }: Pick<AlertRules, "targets">, kind: AlertKind, username?: string): boolean {
  return targets.some(({ kinds, hosts }) =>
    kinds.includes(kind) && (username === undefined || hosts === undefined || hosts.includes(username))
  );
}

/**
 * Raises alerts that somebody wants, each once for ever: what was raised before changes nothing. So who raises may do it
 * again when it is not sure whether it did, and should do it before noting that there is nothing more to do.
 * @throws what the store fails with; some may have been raised by then
 */
export async function raiseAlerts(deps: AlertDeps, alerts: readonly FoundAlert[]): Promise<void> {
  const { store, clock, logger, rules } = deps;
  for (const alert of alerts) {
    const { id, kind, recordingId } = alert;
    if (!wantsAlert(rules, kind)) continue;
    // Of a recording that is gone nothing is told.
    const username = alert.username ?? (await store.getRecording(recordingId))?.username;
    if (username === undefined || !wantsAlert(rules, kind, username)) continue;
    const now = clock.now();
    if (await store.putAlert({ ...alert, username }, { now, expiresAt: now + ALERT_KEPT_MS })) {
      logger.info("alert_raised", { alertId: id, kind, username, recordingId });
    }
  }
}

/** Raises alerts with these parts. */
export function alertRaiser(deps: AlertDeps): RaiseAlerts {
  return (alerts) => raiseAlerts(deps, alerts);
}

/** Raises what is to be told of batches of events: for the consumer of the event log, which gets some of them again. */
export function batchAlerts(deps: AlertDeps): (unpacked: { batch: EventBatch; events: unknown[] }) => Promise<void> {
  return async ({ batch, events }) => {
    if ((batch.types["gift"] ?? 0) > 0) await raiseAlerts(deps, alertsOfBatch(batch, events, deps.rules));
  };
}

/** The alert that a host is live. A room starts once, also when its recording is opened again. */
export function liveStarted({ id, username, title }: Recording, at: number): FoundAlert {
  return { ...keyed("live_started", id), username, at, data: { title } };
}

/**
 * The alerts of a recording that ends: none when somebody stopped it, since its live goes on. Its start is among them,
 * for whoever should have told it may have died.
 * @param end when the first part began, as far as one did, and when the recording ended, ms
 */
export function alertsOfEnd(
  recording: Recording,
  outcome: RecordingOutcome,
  { startedAt, at }: { startedAt: number | undefined; at: number },
): FoundAlert[] {
  const { id, username, title, createdAt } = recording;
  if (outcome.kind === "stopped") return [];
  const end = outcome.kind === "ended"
    ? { ...keyed("live_ended", id), data: { title, started_at: startedAt ?? null } }
    : {
      ...keyed("recording_failed", id),
      data: { title, code: outcome.code ?? "internal", detail: redactText(outcome.detail ?? "") },
    };
  return [liveStarted(recording, startedAt ?? createdAt), { ...end, username, at }];
}

/**
 * The alerts in a batch of events: gifts of at least `giftDiamonds`. A streak counts as one gift and is told as soon as it
 * gets there. Which alerts a batch holds depends on nothing else, so a batch that is read again gives the same ones.
 * @param batch its place in the recording's log
 * @param events of the batch, in order; those that are no gifts in a known shape are passed over
 */
export function alertsOfBatch(
  batch: { recordingId: string; seq: number },
  events: readonly unknown[],
  rules: Pick<AlertRules, "giftDiamonds">,
): FoundAlert[] {
  const found = new Map<string, FoundAlert>();
  for (const [index, line] of events.entries()) {
    const event = record(line);
    if (event["type"] !== "gift") continue;
    const streak = record(event["streak"]);
    const streakId = streak["closedBy"] === "single" ? "" : text(streak["id"]);
    const diamonds = number(event["diamonds"]);
    // Without a group id nobody can tell one streak's total from the next.
    const given = streakId === "" ? number(event["value"]) : diamonds * number(event["total"]);
    if (given < rules.giftDiamonds) continue;
    const giver = record(event["user"]);
    const user = { id: text(giver["id"]), username: text(giver["username"]), nickname: text(giver["nickname"]) };
    const which = streakId === "" ? text(event["id"]) || `${batch.seq}-${index}` : `${user.id}-${streakId}`;
    const key = keyed("gift_over", batch.recordingId, which);
    if (found.has(key.id)) continue;
    const gift = { id: text(event["giftId"]), name: text(event["name"]), diamonds };
    const count = streakId === "" ? number(event["count"]) : number(event["total"]);
    found.set(key.id, { ...key, at: number(event["at"]), data: { diamonds: given, count, gift, user } });
  }
  return [...found.values()];
}

function keyed(kind: AlertKind, recordingId: string, which?: string): Pick<AlertFacts, "id" | "kind" | "recordingId"> {
  // Ids of TikTok are digits; should one not be, it must not reach into paths, headers and keys.
  const last = which === undefined ? "" : `:${which.replaceAll(/[^\w-]/g, "_").slice(0, 100)}`;
  return { id: `${kind}:${recordingId}${last}`, kind, recordingId };
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
const text = (value: unknown): string => typeof value === "string" ? value : "";
const number = (value: unknown): number => typeof value === "number" && Number.isFinite(value) ? value : 0;
