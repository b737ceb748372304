/**
 * Answers about the API itself.
 * @module
 */
import * as v from "valibot";

/** Answer of the health route. */
export const HealthReply = v.object({ status: v.literal("ok") });

/** The API's description. */
export const OpenApiReply = v.looseObject({ openapi: v.string(), paths: v.record(v.string(), v.unknown()) });
