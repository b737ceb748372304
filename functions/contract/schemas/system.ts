/**
 * Answers about the API itself.
 * @module
 */
import * as v from "valibot";
import { CANARY_AREAS } from "../metrics.ts";

/** Answer of the health route. */
export const HealthReply = v.object({ status: v.literal("ok") });

/** A fact of TikTok's protocol. */
const CanaryFactReply = v.object({
  name: v.string(),
  area: v.picklist(CANARY_AREAS),
  lastGood: v.string(),
  lastGoodAt: v.number(),
  current: v.string(),
  since: v.number(),
  drifted: v.boolean(),
});

/** What the canary knows. */
export const CanaryReply = v.object({
  ranAt: v.nullable(v.number()),
  drifts: v.number(),
  facts: v.array(CanaryFactReply),
  refusals: v.array(v.object({ what: v.string(), code: v.string() })),
});

/** What the canary knows. */
export type CanaryReply = v.InferOutput<typeof CanaryReply>;

/** The API's description. */
export const OpenApiReply = v.looseObject({ openapi: v.string(), paths: v.record(v.string(), v.unknown()) });
