/**
 * Pieces of bodies, and the body of a failure.
 * @module
 */
import * as v from "valibot";
import { APP_ERROR_CODES } from "../errors.ts";

/** ms since 1970. */
export const Time = v.pipe(v.number(), v.integer());
/** A number of things. */
export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Code of a failure. */
export const ErrorCode = v.picklist(APP_ERROR_CODES);

/** Body of every failure: problem+json of RFC 9457. Some routes add the fields of their usual answer. */
export const Problem = v.looseObject({
  title: v.string(),
  /** HTTP status of the answer. */
  status: v.pipe(v.number(), v.integer()),
  code: ErrorCode,
  /** What was done, then what was seen. */
  detail: v.string(),
  /** What to do about it. */
  remedy: v.optional(v.string()),
  /** Seconds to wait before the next try. */
  retry_after: v.optional(Count),
  /** What was seen at TikTok; holds no cookie, token or signed URL. */
  evidence: v.optional(v.record(v.string(), v.unknown())),
  /** Every wrong parameter. */
  parameters: v.optional(v.array(v.object({ name: v.string(), detail: v.string() }))),
  /** Names the request in the server's log. */
  request_id: v.optional(v.string()),
});

/** Body of a failure. */
export type Problem = v.InferOutput<typeof Problem>;
