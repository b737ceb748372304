import type { AlertKind, AlertsPolicy } from "../contract/alerts.ts";
import { redactText } from "../contract/redaction.ts";
import type { AlertFacts, AlertStore } from "../ports/alert_store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Recording, RecordingStore } from "../ports/recording_store.ts";

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

/** The alert that a host is live. A room starts once, also when its recording is opened again. */
export function liveStarted(live: { username: string; roomId: string; title: string }, at: number): FoundAlert {
  const { username, roomId, title } = live;
  return { ...keyed("live_started", roomId), username, at, data: { title } };
}

/** The alert that a live is over. */
export function liveEnded({ id, username, title, startedAt }: Recording, at: number): FoundAlert {
  return { ...keyed("live_ended", id), username, at, data: { title, started_at: startedAt ?? null } };
}

/** The alert that a recording was given up. */
export function recordingFailed(
  { id, username, title }: Recording,
  { code, detail }: { code?: string | undefined; detail?: string | undefined },
  at: number,
): FoundAlert {
  const data = { title, code: code ?? "internal", detail: redactText(detail ?? "") };
  return { ...keyed("recording_failed", id), username, at, data };
}

/** Whether a batch may hold something to tell: only then its events need to be read. */
export function mayAlert(batch: { types: Readonly<Record<string, number>> }, rules: AlertRules): boolean {
  return (batch.types["gift"] ?? 0) > 0 && wantsAlert(rules, "gift_over");
}

/**
 * The alerts in a batch of events: gifts of at least `giftDiamonds`. A streak counts as one gift and is told as soon as it
 * gets there. Which alerts a batch holds depends on nothing else, so a batch that is read again gives the same ones.
 * @param batch its place in the recording's log
 * @param events of the batch, in order; those that are no gifts in a known shape are passed over
 */
export function alertsOfBatch(
  batch: { recordingId: string; seq: number },
  events: readonly Readonly<Record<string, unknown>>[],
  rules: Pick<AlertRules, "giftDiamonds">,
): FoundAlert[] {
  const found = new Map<string, FoundAlert>();
  for (const [index, event] of events.entries()) {
    if (event["type"] !== "gift") continue;
    const streakId = text(record(event["streak"])["id"]);
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
