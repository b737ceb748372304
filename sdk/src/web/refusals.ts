/**
 * Which refusal an HTTP answer is (protocol.md 1 "Refusals" and 10). Pure: an answer in, an error or nothing out.
 * A refusal is never taken for "offline".
 * @module
 */
import { LiveError, type LiveErrorCode, type LiveErrorEvidence } from "../errors.ts";
import { publicUrl } from "../trace.ts";

/** What an answer should hold. `headers` looks at the status only; `bytes` is anything but a page. */
export type Wanted = "json" | "html" | "headers" | "bytes";

/** An answer, read whole. */
export interface HttpReply {
  /** Where it came from, after redirects. */
  url: string;
  status: number;
  headers: Headers;
  text: string;
  bodyBytes: number;
  /** The body as it came, where bytes were wanted; `text` is then for refusals only. */
  bytes?: Uint8Array;
}

const EXCERPT_LENGTH = 200;

/** What an error shows of an answer: no query, no header but the log id, at most the start of the text. */
export function evidenceOf(reply: HttpReply, excerpt = false): LiveErrorEvidence {
  const logId = reply.headers.get("x-tt-logid");
  const systemError = reply.headers.get("x-tt-system-error");
  return {
    url: publicUrl(reply.url),
    status: reply.status,
    bodyBytes: reply.bodyBytes,
    ...(systemError === null ? {} : { systemError: systemError.slice(0, EXCERPT_LENGTH) }),
    ...(logId === null ? {} : { logId }),
    ...(excerpt && reply.text !== "" ? { excerpt: reply.text.slice(0, EXCERPT_LENGTH) } : {}),
  };
}

/** Milliseconds that a `Retry-After` header asks for, in seconds or as a date; `undefined` when it says nothing. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d{1,8}\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** What an HTML page says instead of what was asked for; `undefined` for a page that is none of the known refusals. */
export function refusalPage(html: string): { code: LiveErrorCode; saw: string } | undefined {
  if (/discontinued[^<]{0,100}tiktok|tiktok[^<]{0,100}discontinued/i.test(html)) {
    return { code: "region_blocked", saw: "TikTok does not serve this country" };
  }
  if (/tiktok-verify-page|id=["']captcha|captcha[-_]verify/i.test(html)) {
    return { code: "captcha", saw: "TikTok answered with a captcha page" };
  }
  if (/id=["']?wci["'\s>]/i.test(html) && /id=["']?cs["'\s>]/i.test(html)) {
    return { code: "blocked", saw: "TikTok answered with its firewall's waiting page" };
  }
  return undefined;
}

/** Whether text is a page rather than JSON. */
export function looksLikeHtml(text: string): boolean {
  return /^\uFEFF?\s*<(?:!doctype|html|head|body|script|title|div|p\b|!--)/i.test(text);
}

/**
 * The refusal that an answer is, or `undefined` when it may hold what was wanted.
 * @param action what was asked, for the message, such as `Read the live page of some.host`
 * @param nowMs ms since 1970, to read a `Retry-After` date
 */
export function refusalOf(reply: HttpReply, wanted: Wanted, action: string, nowMs: number): LiveError | undefined {
  const error = (code: LiveErrorCode, saw: string, excerpt = false) =>
    new LiveError(code, `${action}: ${saw}`, {
      evidence: evidenceOf(reply, excerpt),
      retryAfterMs: retryAfterMs(reply.headers.get("retry-after"), nowMs),
    });
  const page = looksLikeHtml(reply.text) ? refusalPage(reply.text) : undefined;
  const path = URL.parse(reply.url)?.pathname ?? "";
  const { status } = reply;
  if (/^\/login(?:\/|$)/.test(path)) return error("login_required", "TikTok sent the client to its login page");
  if (status === 429) return error("rate_limited", "TikTok answered HTTP 429, too many requests");
  if (page !== undefined && (status >= 400 || wanted !== "html")) return error(page.code, page.saw);
  if (status === 451) return error("region_blocked", "TikTok answered HTTP 451, not served in this country");
  if (status === 401) return error("login_required", "TikTok answered HTTP 401, log in first");
  if (status === 403) return error("blocked", "TikTok answered HTTP 403, forbidden");
  if ((status === 404 || status === 410) && (wanted === "html" || wanted === "headers")) {
    return error("not_found", `TikTok answered HTTP ${status}, no such page`);
  }
  if (status >= 500) return error("network", `TikTok answered HTTP ${status}, a fault on its side`, true);
  if (status >= 300 && status < 400) return error("blocked", `TikTok answered HTTP ${status} and led nowhere`);
  if (status < 200 || status >= 400) return error("protocol", `TikTok answered HTTP ${status}`, true);
  if (wanted === "headers") {
    const refused = reply.headers.has("x-tt-system-error");
    return refused ? error("blocked", "TikTok refuses this client and names a system error") : undefined;
  }
  if (reply.text.trim() === "") return error("empty_reply", `TikTok answered HTTP ${status} with an empty body`);
  if (wanted !== "html" && looksLikeHtml(reply.text)) {
    return error("blocked", `TikTok answered with an HTML page in place of ${wanted === "json" ? "JSON" : wanted}`);
  }
  return undefined;
}

/**
 * The JSON of an answer.
 * @throws {LiveError} `protocol` when it does not parse
 */
export function readJson(reply: HttpReply, action: string): unknown {
  try {
    return JSON.parse(reply.text);
  } catch (cause) {
    throw new LiveError("protocol", `${action}: TikTok's answer is not JSON`, {
      evidence: evidenceOf(reply, true),
      cause,
    });
  }
}

/** The largest page that can be the bare shell of a refusal (protocol.md: about 1 KB). */
const SHELL_BYTES = 16 * 1024;

/**
 * The JSON inside `<script id="…">` of a page.
 * @throws {LiveError} the refusal that the page is, `blocked` for a bare shell, `protocol` when a whole page lacks the
 * script or its JSON does not parse
 */
export function readPageState(reply: HttpReply, scriptId: string, action: string): unknown {
  const start = new RegExp(`<script[^>]*\\bid=["']?${scriptId}["']?[^>]*>`).exec(reply.text);
  if (start === null) {
    const page = refusalPage(reply.text);
    const evidence = evidenceOf(reply);
    if (page !== undefined) throw new LiveError(page.code, `${action}: ${page.saw}`, { evidence });
    if (reply.bodyBytes <= SHELL_BYTES) {
      throw new LiveError("blocked", `${action}: TikTok answered with a bare page without any data`, { evidence });
    }
    throw new LiveError("protocol", `${action}: the page holds no ${scriptId}`, { evidence });
  }
  const from = start.index + start[0].length;
  const to = reply.text.indexOf("</script", from);
  return readJson({ ...reply, text: reply.text.slice(from, to < 0 ? undefined : to) }, action);
}
