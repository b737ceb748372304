/**
 * What may not get into a log, in one place: cookies, tokens, keys, and the queries of URLs, since TikTok signs its
 * stream and socket URLs there.
 * @module
 */

/** Names of fields whose text is a secret. */
const SECRET_FIELD = /cookie|authorization|token|secret|signature|session|password|ttwid|(?:api|euler|signer)-?_?key/i;
/** Query and user part of URLs. */
const URL_QUERY = /\b((?:https?|wss?|rtmps?):\/\/)(?:[^\s/?#"'@]*@)?([^\s?#"']*)(?:\?[^\s"']*)?/gi;
/** `name=value` and `name: value` in headers and command lines. */
const SECRET_PAIR =
  /\b(ttwid|msToken|sessionid(?:_ss)?|sid_(?:tt|guard)|(?:set-)?cookie|authorization|x-api-key)(\s*[=:]\s*)[^;\s"'&]+/gi;

const HIDDEN = "[redacted]";
const MAX_DEPTH = 6;

/** A text without its secrets: for messages, and for the arguments of ffmpeg. */
export function redactText(text: string): string {
  // Without these two characters there is neither a URL nor a pair.
  if (!text.includes(":") && !text.includes("=")) return text;
  return text
    .replace(
      URL_QUERY,
      (whole, scheme: string, rest: string) => `${scheme}${rest}${whole.includes("?") ? `?${HIDDEN}` : ""}`,
    )
    .replace(SECRET_PAIR, `$1$2${HIDDEN}`);
}

/**
 * A value for a log without its secrets: a copy that is plain JSON. Errors become their name, code and message, and
 * those of their cause.
 */
export function redact(value: unknown): unknown {
  return copy(value, MAX_DEPTH);
}

/** A named value for a log: nothing of it where the name tells of a secret, else as {@link redact} gives it. */
export function redactField(name: string, value: unknown): unknown {
  return field(name, value, MAX_DEPTH);
}

function field(name: string, value: unknown, depth: number): unknown {
  // Counts and switches are told even under such a name.
  if (typeof value === "number" || typeof value === "boolean") return value;
  return SECRET_FIELD.test(name) ? HIDDEN : copy(value, depth);
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "function") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "[deep]";
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (Array.isArray(value)) return value.map((each) => copy(each, depth - 1));
  if (value instanceof Error) {
    const { name, message, cause } = value;
    const code = "code" in value ? value.code : undefined;
    return copy({ name, code, message, ...(cause === undefined ? {} : { cause }) }, depth - 1);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, field(key, each, depth - 1)]));
}
