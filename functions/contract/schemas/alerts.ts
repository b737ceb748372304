/**
 * Answers about alerts.
 * @module
 */
import * as v from "valibot";
import { ALERT_KINDS, ALERT_STATES } from "../alerts.ts";
import { Count, Time } from "./common.ts";

/** An alert, and how far it is with its targets. */
export const AlertReply = v.object({
  id: v.string(),
  kind: v.picklist(ALERT_KINDS),
  recording_id: v.string(),
  username: v.string(),
  /** When it happened. */
  at: Time,
  /** What only this kind tells. */
  data: v.record(v.string(), v.unknown()),
  raised_at: Time,
  /** `dead`: given up for a target at least. */
  state: v.picklist(ALERT_STATES),
  /** When it is tried next. */
  due_at: v.optional(Time),
  /** By name of the target; those that were not tried yet may be absent. */
  deliveries: v.record(
    v.string(),
    v.object({
      state: v.picklist(ALERT_STATES),
      tries: Count,
      due_at: v.optional(Time),
      tried_at: v.optional(Time),
      /** What the last try failed with. */
      problem: v.optional(v.string()),
    }),
  ),
});

/** An alert, and how far it is with its targets. */
export type AlertReply = v.InferOutput<typeof AlertReply>;

/** A page of alerts. */
export const AlertsReply = v.object({ alerts: v.array(AlertReply), cursor: v.optional(v.string()) });
