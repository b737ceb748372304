import type { AlertState } from "../contract/alerts.ts";
import type { AlertReply } from "../contract/schemas.ts";
import { resendAlert } from "../core/deliver_alerts.ts";
import type { Alert, AlertStore } from "../ports/alert_store.ts";
import type { Clock } from "../ports/clock.ts";
import type { PageRequest } from "../ports/page.ts";
import type { Answer } from "./mount.ts";

/** Answers of the alert routes. */
export function alertHandlers({ store, clock }: { store: AlertStore; clock: Clock }) {
  return {
    async list({ state, ...page }: PageRequest & { state: AlertState }): Promise<Answer> {
      const { items, cursor } = await store.listAlerts(state, page);
      return { body: { alerts: items.map(toReply), cursor } };
    },
    async resend(id: string): Promise<Answer> {
      return { status: 202, body: toReply(await resendAlert(store, id, clock.now())) };
    },
  };
}

function toReply(alert: Alert): AlertReply {
  const deliveries = Object.entries(alert.deliveries).map(([target, delivery]) => {
    const { state, tries, dueAt: due_at, triedAt: tried_at, problem } = delivery;
    return [target, { state, tries, due_at, tried_at, problem }];
  });
  return {
    id: alert.id,
    kind: alert.kind,
    recording_id: alert.recordingId,
    username: alert.username,
    at: alert.at,
    data: alert.data,
    raised_at: alert.raisedAt,
    state: alert.state,
    due_at: alert.dueAt,
    deliveries: Object.fromEntries(deliveries),
  };
}
