/**
 * How long recordings and their events are kept.
 * @module
 */
import * as v from "valibot";
import { json } from "./json_setting.ts";

const days = v.pipe(
  v.number("must be a number of days, or null"),
  v.minValue(0, "must be at least 0 days"),
  v.maxValue(36_500, "must be at most 36500 days"),
);

const host = v.pipe(v.string(), v.regex(/^[a-z0-9._]{1,64}$/, "must have names in lower case, without @"));

const Rule = v.strictObject({
  /** Days after its end at which a recording is deleted, with its video and events; `null`: never. */
  recordingDays: v.optional(v.nullable(days)),
  /** Days after its end at which a recording's events are deleted; its video and totals stay. `null`: never. */
  eventDays: v.optional(v.nullable(days)),
});

/** How long what is recorded of a host is kept. What a rule does not say is kept for ever. */
export type RetentionRule = v.InferOutput<typeof Rule>;

/** How long recordings are kept: `default` for all hosts, and what is different for some of them, by normalised name. */
export const RetentionPolicy = v.strictObject({
  default: v.optional(Rule, {}),
  hosts: v.optional(v.record(host, Rule), {}),
});

/** How long recordings are kept. */
export type RetentionPolicy = v.InferOutput<typeof RetentionPolicy>;

/** A {@link RetentionPolicy} as a setting, such as `{"default":{"recordingDays":90,"eventDays":30}}`. */
export const RetentionSetting = v.pipe(json, RetentionPolicy);
