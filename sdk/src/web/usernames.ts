/**
 * Names and room ids as people type them.
 * @module
 */
import { LiveError } from "../errors.ts";

/** TikTok allows 24 characters today; the rest is room for names from other times. */
const MAX_NAME_LENGTH = 32;
const MAX_INPUT_LENGTH = 2048;

function reject(input: string, why: string): never {
  throw new LiveError("invalid_input", `Read a TikTok name: ${why}`, { evidence: { excerpt: input.slice(0, 200) } });
}

/** The name part of a profile or live URL. */
function nameOfUrl(input: string): string {
  const url = URL.parse(/^https?:\/\//i.test(input) ? input : `https://${input}`);
  if (url === null || url.username !== "" || url.password !== "") reject(input, "it is not a usable URL");
  const { hostname } = url;
  if (hostname !== "tiktok.com" && !hostname.endsWith(".tiktok.com")) {
    reject(input, `${hostname} is not a host of TikTok`);
  }
  const [, first = "", second = "", ...rest] = url.pathname.split("/");
  const match = /^(?:@|%40)(.*)$/i.exec(first);
  if (match?.[1] === undefined) {
    reject(input, "the URL has no /@name in it; short links have to be opened in a browser first");
  }
  if (rest.some((part) => part !== "") && second !== "video" && second !== "photo") {
    reject(input, "the URL is not one of a profile or a live");
  }
  return match[1];
}

/**
 * The bare lower-case name in what a person typed: `name`, `@name`, a profile or live URL with or without scheme and
 * query. Nothing is sent.
 * @param input at most 2,048 characters
 * @throws {LiveError} `invalid_input` when no TikTok name can look like that
 * @throws {TypeError} when `input` is not a string
 *
 * @example
 * ```ts
 * import { normaliseUsername } from "@roomtone/sdk";
 * console.log(normaliseUsername(" https://www.tiktok.com/@Some.Host/live?lang=en ")); // "some.host"
 * ```
 */
export function normaliseUsername(input: string): string {
  if (typeof input !== "string") {
    throw new TypeError(`Cannot read a TikTok name: expected a string, got ${typeof input}`);
  }
  const trimmed = input.trim();
  if (trimmed === "") reject(input, "it is empty");
  if (trimmed.length > MAX_INPUT_LENGTH) reject(input, `it is longer than ${MAX_INPUT_LENGTH} characters`);
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) || /^[^@/?#]+\.[^@/?#]+\/./.test(trimmed);
  const name = isUrl ? nameOfUrl(trimmed) : trimmed.replace(/[?#].*$/s, "").replace(/^@/, "");
  if (name === "") reject(input, "it is empty");
  if (name.length > MAX_NAME_LENGTH) reject(input, `the name is longer than ${MAX_NAME_LENGTH} characters`);
  if (!/^[A-Za-z0-9_.]+$/.test(name) || /^\.+$/.test(name)) {
    reject(input, "only letters, digits, dots and underscores can be in a name");
  }
  return name.toLowerCase();
}

/**
 * A room id as given by a caller.
 * @throws {LiveError} `invalid_input` unless it is a decimal string of 1 to 20 digits that is not zero
 */
export function checkRoomId(roomId: string): string {
  if (typeof roomId !== "string") {
    throw new TypeError(`Cannot read a room id: expected a string, got ${typeof roomId}; a number would lose digits`);
  }
  if (!/^\d{1,20}$/.test(roomId) || /^0+$/.test(roomId)) {
    throw new LiveError("invalid_input", "Read a room id: it is not a decimal number of 1 to 20 digits", {
      evidence: { excerpt: roomId.slice(0, 200) },
      remedy: "Pass the room id as a string of digits",
    });
  }
  return roomId;
}
