/**
 * Failures as the functions know them: the SDK's codes, and a few that only an API has.
 * @module
 */

import { LIVE_ERROR_CODES } from "@roomtone/sdk";

/** Codes of the SDK's taxonomy, and after them those of the API itself. */
export const APP_ERROR_CODES = [
  ...LIVE_ERROR_CODES,
  "unauthorized",
  "forbidden",
  "not_configured",
  "conflict",
  "method_not_allowed",
  "body_too_large",
  "unsupported_media_type",
  "range_not_satisfiable",
  "too_many_requests",
  "internal",
] as const;

/** A code of {@link APP_ERROR_CODES}. */
export type AppErrorCode = (typeof APP_ERROR_CODES)[number];

/** Codes with which TikTok, or the way to it, refuses to answer: they say nothing about whether a host is live. */
export const REFUSAL_CODES: ReadonlySet<AppErrorCode> = new Set<AppErrorCode>([
  "captcha",
  "blocked",
  "rate_limited",
  "device_blocked",
  "region_blocked",
  "empty_reply",
  "signer_failed",
]);

/**
 * Refusals that come when somebody asks too much. HTTP 429 is not among them: it is seen where requests are sent, and
 * `rate_limited` may also come from the signer or from one's own budget.
 */
export const SLOWING_CODES: ReadonlySet<AppErrorCode> = new Set<AppErrorCode>(["captcha", "blocked", "empty_reply"]);

/** One wrong parameter of a request. */
export interface ParameterError {
  /** Name of the parameter, as the caller wrote it. */
  name: string;
  /** What is wrong with it. */
  detail: string;
}

/** Options of {@link AppError}. */
export interface AppErrorOptions {
  /** What to do about it, one sentence. */
  remedy?: string;
  /** Milliseconds to wait before the next try, where that is known. */
  retryAfterMs?: number;
  /** What was seen; holds no cookie, token or signed URL. */
  evidence?: Record<string, unknown>;
  /** Every wrong parameter of the request. */
  parameters?: ParameterError[];
  /** Fields of the route's usual answer that come along with the error. */
  fields?: Record<string, unknown>;
  cause?: unknown;
}

/** A failure that a caller of the API is told about. */
export class AppError extends Error {
  override readonly name = "AppError" as const;
  readonly code: AppErrorCode;
  readonly remedy: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly evidence: Record<string, unknown>;
  readonly parameters: ParameterError[];
  readonly fields: Record<string, unknown>;

  /**
   * @param code one of {@link APP_ERROR_CODES}
   * @param message what was done, then what was seen; no full stop
   */
  constructor(code: AppErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
    this.retryAfterMs = options.retryAfterMs;
    this.evidence = options.evidence ?? {};
    this.parameters = options.parameters ?? [];
    this.fields = options.fields ?? {};
  }
}

/**
 * A write came with a lease token that is no longer the recording's newest: another recorder has it. The writer stops
 * writing and leaves the recording to the other one.
 */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError" as const;
  readonly recordingId: string;
  readonly token: number;

  /**
   * @param recordingId the recording that was written to
   * @param token the token that the write carried
   */
  constructor(recordingId: string, token: number) {
    super(`Cannot write to recording ${recordingId} with lease token ${token}: another recorder has the lease`);
    this.recordingId = recordingId;
    this.token = token;
  }
}

/** A file that does not hold what was noted of it. */
export class DamagedFileError extends Error {
  override readonly name = "DamagedFileError" as const;
}
