import { AppError, type AppErrorCode } from "../contract/errors.ts";
import type { Problem } from "../contract/schemas.ts";

/** HTTP status of each code. */
export const STATUS_OF = {
  invalid_input: 400,
  not_found: 404,
  offline: 404,
  private: 403,
  age_restricted: 403,
  region_blocked: 503,
  login_required: 403,
  captcha: 503,
  blocked: 503,
  rate_limited: 503,
  device_blocked: 503,
  signer_failed: 503,
  empty_reply: 503,
  protocol: 502,
  network: 502,
  deadline: 504,
  unauthorized: 401,
  forbidden: 403,
  not_configured: 403,
  conflict: 409,
  method_not_allowed: 405,
  body_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  too_many_requests: 429,
  internal: 500,
} as const satisfies Record<AppErrorCode, number>;

/** Told with refusals that do not say themselves when to come again. */
const RETRY_AFTER_MS = 60_000;

const TITLES: Record<AppErrorCode, string> = {
  invalid_input: "A parameter is wrong",
  not_found: "Not found",
  offline: "Not live",
  private: "Private account",
  age_restricted: "For adults who are logged in",
  region_blocked: "Not served in this country",
  login_required: "A login is needed",
  captcha: "TikTok asks for a captcha",
  blocked: "TikTok refuses",
  rate_limited: "TikTok limits its callers",
  device_blocked: "TikTok refuses this device",
  signer_failed: "No signature",
  empty_reply: "TikTok refuses without saying why",
  protocol: "TikTok's answer was not understood",
  network: "TikTok was not reached",
  deadline: "No answer in time",
  unauthorized: "An API key is needed",
  forbidden: "Not allowed",
  not_configured: "Switched off",
  conflict: "Not in this state",
  method_not_allowed: "Wrong method",
  body_too_large: "The body is too large",
  unsupported_media_type: "The body has the wrong type",
  range_not_satisfiable: "No such bytes",
  too_many_requests: "Too many requests",
  internal: "An unexpected failure",
};

/** The error that a caller is told about in place of `error`: nothing of an unexpected one gets out. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("internal", "Answer the request: it failed in an unexpected way", {
    remedy: "Try again; if it stays, look at the log of the server",
    cause: error,
  });
}

/**
 * The problem+json answer for an error.
 * @param requestId of the request that failed
 */
export function toProblem(error: AppError, requestId?: string): Response {
  const { code, message, remedy, evidence, parameters, fields } = error;
  const status = STATUS_OF[code];
  const retryAfterMs = error.retryAfterMs ?? (status === 503 ? RETRY_AFTER_MS : undefined);
  const retryAfter = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  const body: Problem = {
    title: TITLES[code],
    status,
    code,
    detail: message,
    remedy,
    retry_after: retryAfter,
    evidence: Object.keys(evidence).length > 0 ? evidence : undefined,
    parameters: parameters.length > 0 ? parameters : undefined,
    request_id: requestId,
    ...fields,
  };
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  if (code === "unauthorized") headers.set("www-authenticate", "Bearer");
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  return new Response(JSON.stringify(body), { status, headers });
}
