/**
 * What the client tells a program about its work: traces and log lines, without secrets.
 * @module
 */
import { publicUrl, type Trace, type TraceEvent } from "./trace.ts";

/**
 * Takes one log line.
 * @param message what happened, the same words each time
 * @param fields what is special about it; redacted, plain data
 */
export type LogHandler = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/** Where log lines go, by level; a level without a handler is not logged. */
export interface LogHandlers {
  /** Each request that went well, each frame, each socket or route that opens. */
  debug?: LogHandler;
  /** Changes of state, ends, hosts that are not live. */
  info?: LogHandler;
  /** Refused or failed requests, sockets and routes, frames that do not decode or were dropped. The client goes on. */
  warn?: LogHandler;
  /** A live failed. */
  error?: LogHandler;
}

type Level = keyof LogHandlers;

/** Shorter values are no secrets, and would blank out half of a text. */
const LEAST_SECRET_LENGTH = 8;
const URLS = /\b(?:https?|wss?):\/\/[^\s"'<>`]+/gi;
const NAMED =
  /\b(sessionid\w*|sid_\w+|uid_tt\w*|ttwid|mstoken|x-bogus|x-gnarly|x-api-key|api_?key|_?sign(?:ature)?|token|password)=[^\s;&,"']+/gi;

/**
 * A text as it may be shown: URLs without credentials and query, secrets blanked out.
 * @param secrets values that must not show, as they are and percent-decoded
 */
export function redact(text: string, secrets: Iterable<string>): string {
  let shown = text.replace(URLS, publicUrl).replace(NAMED, "$1=***");
  for (const secret of secrets) {
    if (secret.length < LEAST_SECRET_LENGTH) continue;
    shown = shown.replaceAll(secret, "***");
    if (secret.includes("%")) shown = shown.replaceAll(decoded(secret), "***");
  }
  return shown;
}

/** Percent-decoded where that can be done. */
function decoded(text: string): string {
  return text.replace(/%[2-7][0-9a-f]/gi, (code) => String.fromCharCode(parseInt(code.slice(1), 16)));
}

/**
 * One place for all that is told: redacts it, hands it to `onTrace` and words it for `log`. What a handler throws
 * surfaces as an uncaught error and does not disturb the client.
 * @param secrets values that must not show, asked for each time
 * @throws {TypeError} for a `log` that holds anything but functions
 */
export function observer(
  { onTrace, log = {} }: { onTrace?: Trace | undefined; log?: LogHandlers | undefined },
  secrets: () => Iterable<string>,
): Trace {
  for (const level of ["debug", "info", "warn", "error"] as const) {
    if (log?.[level] !== undefined && typeof log[level] !== "function") {
      throw new TypeError(`Cannot use the option 'log': '${level}' must be a function`);
    }
  }
  return (event) => {
    const level = levelOf(event);
    if (onTrace === undefined && log[level] === undefined) return;
    // Frames come by the thousand, and hold no text but TikTok's names of types.
    const shown = event.kind === "frame" ? event : redacted(event, secrets());
    try {
      onTrace?.(shown);
      const { kind: _, ...fields } = shown;
      log[level]?.(wordsOf(shown), fields);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}

function redacted<E extends TraceEvent>(event: E, secrets: Iterable<string>): E {
  const known = [...secrets];
  const entries = Object.entries(event).map((
    [key, value],
  ) => [key, typeof value === "string" ? redact(value, known) : value]);
  return Object.fromEntries(entries) as E;
}

function levelOf(event: TraceEvent): Level {
  switch (event.kind) {
    case "http":
      if (event.error === undefined) return "debug";
      return event.error === "offline" || event.error === "aborted" ? "info" : "warn";
    case "socket":
      return event.what === "opening" || event.what === "opened" ? "debug" : "warn";
    case "route":
      return event.what === "failed" ? "warn" : "debug";
    case "frame":
      return "debug";
    case "undecodable":
      return "warn";
    case "state":
      return "info";
    case "end":
      return event.code === undefined || event.code === "offline" ? "info" : "error";
  }
}

function wordsOf(event: TraceEvent): string {
  switch (event.kind) {
    case "http":
      return event.error === undefined ? "request answered" : "request failed";
    case "socket":
      return `socket ${event.what}`;
    case "route":
      return `route ${event.what}`;
    case "frame":
      return `frame ${event.direction}`;
    case "undecodable":
      return "frame not decoded";
    case "state":
      return "state changed";
    case "end":
      return event.how === "failed" ? "live failed" : "live over";
  }
}
