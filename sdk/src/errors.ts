/**
 * The one error taxonomy of the product, from the SDK to the HTTP answers.
 *
 * | code | meaning |
 * |---|---|
 * | `invalid_input` | a name, id or URL that cannot be right; nothing was sent |
 * | `not_found` | TikTok knows no such user or room |
 * | `offline` | the user exists and is not live |
 * | `private` | the account shows itself to followers only |
 * | `age_restricted` | the room wants a logged-in adult |
 * | `region_blocked` | TikTok does not serve this country |
 * | `login_required` | the call needs a session |
 * | `captcha` | TikTok answered with a captcha page |
 * | `blocked` | a refusal: WAF page, HTTP 403, missing guest cookie |
 * | `rate_limited` | HTTP 429 or a limit of the signer |
 * | `device_blocked` | the socket refused this User-Agent and ttwid |
 * | `signer_failed` | no signer, or the signer answered with an error |
 * | `empty_reply` | HTTP 200 with nothing in it, TikTok's silent refusal |
 * | `protocol` | an answer that does not have the documented shape |
 * | `network` | DNS, TCP, TLS, or a connection that broke |
 * | `deadline` | no answer in the time given |
 */
export const LIVE_ERROR_CODES = [
  "invalid_input",
  "not_found",
  "offline",
  "private",
  "age_restricted",
  "region_blocked",
  "login_required",
  "captcha",
  "blocked",
  "rate_limited",
  "device_blocked",
  "signer_failed",
  "empty_reply",
  "protocol",
  "network",
  "deadline",
] as const;

/** A code of the taxonomy; see {@link LIVE_ERROR_CODES}. */
export type LiveErrorCode = (typeof LIVE_ERROR_CODES)[number];

/** What was seen when the error arose. Never holds a cookie, a token or a signed URL. */
export interface LiveErrorEvidence {
  /** Host and path of the request, without its query. */
  url?: string;
  /** HTTP status of the answer. */
  status?: number;
  /** `Handshake-Status` and `Handshake-Msg` of a refused socket. */
  handshakeStatus?: string;
  /** See {@link LiveErrorEvidence.handshakeStatus}. */
  handshakeMessage?: string;
  /** TikTok's own status code inside the body. */
  statusCode?: number;
  /** `X-TT-System-Error` of the answer, by which TikTok refuses a guest cookie. */
  systemError?: string;
  /** TikTok's log id for the request. */
  logId?: string;
  /** Size of the answer's body. */
  bodyBytes?: number;
  /** Each route to the room that failed, in the order of trying, when there were several. */
  routes?: readonly {
    readonly route: "direct" | "signed" | "polling";
    readonly code: LiveErrorCode;
    readonly message: string;
    readonly evidence: LiveErrorEvidence;
  }[];
  /** The offending input, or the start of the offending text; at most 200 characters. */
  excerpt?: string;
}

/** Options of {@link LiveError}. */
export interface LiveErrorOptions {
  /** What to do about it, one sentence. @default the code's own remedy */
  remedy?: string;
  /** Whether the same call may succeed later without a change. @default by code */
  retryable?: boolean;
  /** Milliseconds to wait before the next try, where TikTok or the signer says so. */
  retryAfterMs?: number;
  /** What was seen, for the person who looks into it. */
  evidence?: LiveErrorEvidence;
  /** What was thrown below, where something was. */
  cause?: unknown;
}

const RETRYABLE: ReadonlySet<LiveErrorCode> = new Set([
  "captcha",
  "blocked",
  "rate_limited",
  "device_blocked",
  "signer_failed",
  "empty_reply",
  "network",
  "deadline",
]);

const REMEDIES: Record<LiveErrorCode, string> = {
  invalid_input: "Pass a TikTok name (letters, digits, dots, underscores), an @name or a profile URL",
  not_found: "Check the spelling of the name; the account may be renamed or deleted",
  offline: "Try again when the host is live",
  private: "Only followers of this account can see it",
  age_restricted: "Pass the cookies of a logged-in adult account",
  region_blocked: "Use a proxy in a country that TikTok serves",
  login_required: "Pass the session cookies of a logged-in account",
  captcha: "Wait some minutes, ask less often, or use another address",
  blocked: "Wait some minutes, ask less often, or use another address",
  rate_limited: "Wait as long as retryAfterMs says, and ask less often",
  device_blocked: "Wait a little; a new guest cookie and User-Agent are tried",
  signer_failed: "Configure a signer, or try again when it answers",
  empty_reply: "TikTok refused without saying why: try another route or a signer",
  protocol: "TikTok may have changed; look for a newer version of this package",
  network: "Check the connection, the proxy and the host name",
  deadline: "Try again, or allow more time",
};

const BRAND = "roomtone.LiveError";

/**
 * Any failure of the SDK that is not a programming mistake.
 *
 * @example
 * ```ts
 * import { isLiveError, TikTok } from "@roomtone/sdk";
 * try {
 *   for await (const event of new TikTok().live("some.host")) console.log(event.type);
 * } catch (error) {
 *   if (isLiveError(error) && error.code === "offline") console.log("not live");
 *   else throw error;
 * }
 * ```
 */
export class LiveError extends Error {
  /** Always `LiveError`, also after a bundler renamed the class. */
  override readonly name = "LiveError" as const;
  /** Marks the class across bundles and realms; see {@link isLiveError}. */
  readonly brand: string = BRAND;
  /** What kind of failure it is; branch on this. */
  readonly code: LiveErrorCode;
  /** What to do about it. */
  readonly remedy: string;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** Milliseconds to wait before the next try, where TikTok or the signer says so. */
  readonly retryAfterMs: number | undefined;
  /** What was seen: status, headers, a short excerpt. It holds no cookie and no signed query. */
  readonly evidence: LiveErrorEvidence;

  /**
   * Makes an error; the SDK does this, programs only in their tests.
   * @param code one of {@link LIVE_ERROR_CODES}
   * @param message what was done, then what was seen; no full stop
   */
  constructor(code: LiveErrorCode, message: string, options: LiveErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy ?? REMEDIES[code];
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.retryAfterMs = options.retryAfterMs;
    this.evidence = options.evidence ?? {};
  }
}

/** Whether `value` is a {@link LiveError}, also one of another copy of this package. */
export function isLiveError(value: unknown): value is LiveError {
  return value instanceof Error && "brand" in value && value.brand === BRAND;
}
