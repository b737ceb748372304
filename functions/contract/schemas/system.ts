/**
 * Answers about the API itself.
 * @module
 */
import * as v from "valibot";
import { CANARY_AREAS } from "../metrics.ts";
import { Count, Time } from "./common.ts";

/** Answer of the health route. */
export const HealthReply = v.object({ status: v.literal("ok") });

/** A fact of TikTok's protocol. */
const CanaryFactReply = v.object({
  name: v.string(),
  area: v.picklist(CANARY_AREAS),
  /** How it was when all was well, and when that was seen last. */
  last_good: v.string(),
  last_good_at: Time,
  current: v.string(),
  /** When it became what it is. */
  since: Time,
  drifted: v.boolean(),
});

/** What the canary knows. */
export const CanaryReply = v.object({
  /** Time of its last look; `null` before the first. */
  ran_at: v.nullable(Time),
  /** Facts that are not as they were. */
  drifts: Count,
  facts: v.array(CanaryFactReply),
  refusals: v.array(v.object({ what: v.string(), code: v.string() })),
});

/** What the canary knows. */
export type CanaryReply = v.InferOutput<typeof CanaryReply>;

/** The API's description. */
export const OpenApiReply = v.looseObject({ openapi: v.string(), paths: v.record(v.string(), v.unknown()) });
