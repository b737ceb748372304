/**
 * One error for several routes that failed.
 * @module
 */
import { LiveError, type LiveErrorCode } from "../errors.ts";
import type { RouteName } from "../events/types.ts";

/** A route that did not lead into the room. */
export interface RouteFailure {
  readonly route: RouteName;
  readonly error: LiveError;
}

/** What tells most comes first: the room itself, TikTok's refusals, the signer, then what may pass by itself. */
const TELLING: readonly LiveErrorCode[] = [
  "age_restricted",
  "private",
  "login_required",
  "offline",
  "not_found",
  "region_blocked",
  "device_blocked",
  "captcha",
  "blocked",
  "rate_limited",
  "signer_failed",
  "empty_reply",
  "protocol",
  "invalid_input",
  "deadline",
  "network",
];

/**
 * The error of a round: that of the only route as it is; else the most telling one, with all of them as evidence. It is
 * retryable when one of them is, and asks to wait for the shortest of the times.
 * @param failures at least one, in the order of trying
 */
export function failureOf(failures: readonly [RouteFailure, ...RouteFailure[]]): LiveError {
  const [first, ...others] = failures;
  if (others.length === 0) return first.error;
  const rank = ({ error }: RouteFailure) => TELLING.indexOf(error.code);
  const { error } = others.reduce((best, one) => rank(one) < rank(best) ? one : best, first);
  const codes = failures.map((one) => `${one.route} ${one.error.code}`).join(", ");
  const mendable = failures.filter((one) => one.error.retryable);
  const waits = mendable.map((one) => one.error.retryAfterMs ?? 0);
  return new LiveError(error.code, `${error.message} (no route is left: ${codes})`, {
    remedy: error.remedy,
    retryable: mendable.length > 0,
    ...(waits.length > 0 && Math.min(...waits) > 0 ? { retryAfterMs: Math.min(...waits) } : {}),
    evidence: {
      ...error.evidence,
      routes: failures.map((one) => ({
        route: one.route,
        code: one.error.code,
        message: one.error.message,
        evidence: one.error.evidence,
      })),
    },
    cause: error,
  });
}
