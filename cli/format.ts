/** How people read numbers and events: pure functions from values to one line of text. */
import type { LiveEvent } from "@roomtone/sdk";
import type { ListedUser } from "./lookups.ts";

/** `1234567` bytes as `1.2 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** `3725000` ms as `1:02:05`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = two(Math.floor(seconds / 60) % 60);
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${minutes}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Time of day, UTC, `09:31:07`. */
export function formatTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}

/** Date and time to the minute, UTC, `2026-11-21 09:31`. */
export function formatMoment(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16).replace("T", " ");
}

/** Text from a stranger on one line of a terminal: control characters (colours, line breaks) become spaces. */
export function plain(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ");
}

// deno-lint-ignore no-control-regex -- control characters are what is replaced
const UNSAFE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\r(?!\n|$)/g;

/**
 * A whole line of output as a terminal may have it, JSON and tables of others too: control characters become their
 * escapes, which in JSON mean the same.
 */
export function terminalSafe(line: string): string {
  return line.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function say(event: LiveEvent): string {
  switch (event.type) {
    case "chat":
      return event.text;
    case "gift":
      return `${event.name || `gift ${event.giftId}`} x${event.total} (${event.value} diamonds)` +
        (event.streak.ended ? "" : " ...");
    case "like":
      return `${event.count} likes, ${event.total} in all`;
    case "join":
      return "joined";
    case "follow":
      return "followed the host";
    case "share":
      return "shared the live";
    case "subscribe":
      return event.months === undefined ? "subscribed" : `subscribed, month ${event.months}`;
    case "moderator":
      return event.action === "added" ? "was made a moderator" : "is a moderator no more";
    case "viewers":
      return `${event.count} viewers, ${event.total} in all`;
    case "question":
    case "intro":
    case "room_message":
      return event.text;
    case "banner":
      return "banner";
    case "caption":
      return event.text;
    case "emote":
      return event.emotes.length === 1 ? "an emote" : `${event.emotes.length} emotes`;
    case "envelope":
      return `chest of ${event.sender.nickname || "TikTok"} ${event.status} (${event.diamonds} diamonds)`;
    case "goal":
      return `${event.text || "goal"}: ${event.parts.map((part) => `${part.progress} of ${part.target}`).join(", ")}`;
    case "poll":
      return `${event.status}: ${event.options.map((option) => `${option.text} ${option.votes}`).join(", ")}`;
    case "rank":
      return event.places.map((place) => place.place > 0 ? `place ${place.place}` : "no place").join(", ");
    case "pin":
      return `${event.action} ${event.text || event.pinnedMethod}`;
    case "deleted":
      return `${event.messageIds.length} messages, all of ${event.userIds.length} people`;
    case "barrage":
      return event.level === undefined ? event.text : `${event.text} (level ${event.level})`;
    case "shopping":
      return event.product === undefined ? `action ${event.action}` : `${event.product.title}, ${event.product.price}`;
    case "link":
      return `${event.status}${event.guests.length > 0 ? `, ${event.guests.length} guests` : ""}`;
    case "battle":
      return `${event.status}: ${event.hosts.map((host) => host.nickname).join(" / ")}`;
    case "battle_scores":
      return event.teams.map((team) => team.points).join(" : ");
    case "control":
      return event.action;
    case "connected":
      return `room ${event.roomId} by the ${event.route} route`;
    case "state":
      return `${event.from} -> ${event.to}${event.reason ? ` (${event.reason})` : ""}`;
    case "gap":
      return `${event.reason}: ${((event.to - event.from) / 1000).toFixed(1)} s may be missing`;
    case "ended":
      return event.reason;
    case "decode_error":
      return `${event.method}: ${event.error.message}`;
    case "other":
    case "unknown":
      return event.method;
  }
}

/**
 * One event as one readable line: time, type, who, what.
 *
 * @example
 * ```ts
 * formatEvent(event); // "09:31:07 chat     @some.viewer hello"
 * ```
 */
export function formatEvent(event: LiveEvent): string {
  const who = "user" in event && event.user?.username ? `@${event.user.username} ` : "";
  return plain(`${formatTime(event.at)} ${event.type.padEnd(8)} ${who}${say(event)}`);
}

/** A stored event as one readable line; one that was cut when it was stored, or is of another version, by its type. */
export function formatStored(event: Readonly<Record<string, unknown>>): string {
  try {
    return formatEvent(event as unknown as LiveEvent);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return plain(`${typeof event["type"] === "string" ? event["type"] : "unknown"}: it cannot be shown as a line`);
  }
}

/** An event by type and id alone, for material that names real people. */
export function formatEventMasked(event: { type: string; id: string }): string {
  return `${event.type.padEnd(14)} id ${event.id || "none"}`;
}

/** A count by type as `chat 534, join 108`, largest first. */
export function formatCounts(counts: Record<string, number>): string {
  return Object.entries(counts).sort(([, a], [, b]) => b - a).map(([type, count]) => `${type} ${count}`).join(", ");
}

/** A user on one line. */
export function formatUser(user: ListedUser): string {
  const marks = [user.verified ? "verified" : "", user.private ? "private" : ""].filter(Boolean).join(", ");
  const followers = user.followers === undefined ? "" : `  ${user.followers} followers`;
  return plain(`@${user.username}  ${user.nickname}${followers}${marks === "" ? "" : `  (${marks})`}`);
}
