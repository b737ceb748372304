/**
 * Answers about the API itself.
 * @module
 */
import * as v from "valibot";

/** Answer of the health route. */
export const HealthReply = v.object({ status: v.literal("ok") });
