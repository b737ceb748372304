/**
 * The control API: what the library does, over HTTP, for programs in other processes.
 *
 * | request | does |
 * |---|---|
 * | `GET /_control/` | rooms with their stats, in short |
 * | `POST /_control/rooms/{name}` `{live, durationMs, seed, rate, captures, capturesPerSecond, speed, title}` | goes live or ends; `captures` is a file's path |
 * | `GET /_control/rooms/{name}` | stats of the room |
 * | `POST /_control/rooms/{name}/faults` | one fault, see faults.ts |
 * | `DELETE /_control/rooms/{name}/faults` | forgets standing faults |
 * | `GET /_control/rooms/{name}/tags` | every tag written: `{connections, tags}` |
 * | `GET /_control/rooms/{name}/acks` | every ack received |
 * | `POST /_control/faults`, `DELETE /_control/faults` | faults for every host |
 * | `GET /_control/requests` | every request: headers counted, cookies by name |
 * | `DELETE /_control/requests` | forgets them |
 * @module
 */
import { readCaptures } from "./captures.ts";
import { parseFault, type StandingFaults } from "./faults.ts";
import type { Exchange } from "./http1.ts";
import { toJson } from "./json.ts";
import type { RequestLog } from "./request_log.ts";
import type { LiveOptions, Room } from "./rooms.ts";

/** What the control API works with. */
export interface ControlContext {
  faults: StandingFaults;
  requests: RequestLog;
  rooms(): Room[];
  /** Makes the room when there is none. */
  room(username: string): Room;
}

type Reader = (value: unknown, name: string) => unknown;

const number: Reader = (value, name) => {
  if (typeof value !== "number" || !(value > 0)) {
    throw new TypeError(`Cannot start the live: ${name} has to be above 0`);
  }
  return value;
};
const text: Reader = (value, name) => {
  if (typeof value !== "string" || value === "") throw new TypeError(`Cannot start the live: ${name} has to be text`);
  return value;
};
const LIVE_FIELDS: Record<string, Reader> = {
  durationMs: number,
  rate: number,
  capturesPerSecond: number,
  speed: number,
  seed: text,
  title: text,
  roomId: text,
  captures: text,
};

/** Reads the options of a live from JSON; a `captures` path is read. */
export async function parseLiveOptions(value: Record<string, unknown>): Promise<LiveOptions> {
  const options: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) {
    const read = LIVE_FIELDS[name];
    if (read === undefined) throw new TypeError(`Cannot start the live: there is no option '${name}'`);
    if (given !== undefined && given !== null) options[name] = read(given, name);
  }
  const { captures } = options;
  return typeof captures === "string" ? { ...options, captures: await readCaptures(captures) } : options;
}

function readBody(exchange: Exchange): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder().decode(exchange.request.body) || "{}");
  if (typeof value !== "object" || value === null) throw new TypeError("Cannot read the body: it is no object");
  return value as Record<string, unknown>;
}

/** Answers a request under `/_control/`. */
export async function answerControl(exchange: Exchange, context: ControlContext): Promise<void> {
  const reply = (status: number, value: unknown): void =>
    exchange.reply({ status, headers: { "Content-Type": "application/json" }, body: toJson(value) + "\n" });
  try {
    const value = await act(exchange, context);
    if (value === undefined) reply(404, { error: "the control API has no such route" });
    else reply(200, value);
  } catch (error) {
    reply(400, { error: error instanceof Error ? error.message : String(error) });
  }
}

async function act(exchange: Exchange, context: ControlContext): Promise<unknown> {
  const { method, path } = exchange.request;
  const [, scope, name, part] = path.replace(/^\/_control/, "").split("/").map(decodeURIComponent);
  if (scope === "" || scope === undefined) {
    return {
      rooms: context.rooms().map((room) => {
        const { ids: _ids, historyIds: _historyIds, ...stats } = room.stats();
        return { username: room.username, account: room.account, ...stats };
      }),
    };
  }
  if (scope === "requests") {
    if (method === "DELETE") context.requests.clear();
    return { requests: context.requests.entries };
  }
  if (scope === "faults") {
    if (method === "DELETE") {
      context.faults.clear();
      return { ok: true };
    }
    const fault = parseFault(readBody(exchange));
    if (fault.kind === "http") context.faults.addHttp(fault);
    else if (fault.kind === "handshake") context.faults.addHandshake(fault);
    else for (const room of context.rooms()) room.fault(fault);
    return { ok: true };
  }
  if (scope !== "rooms" || name === undefined || name === "") return undefined;
  const room = context.room(name);
  switch (part) {
    case undefined:
    case "":
      if (method === "POST") {
        const { live, ...options } = readBody(exchange);
        if (live === true) room.startLive(await parseLiveOptions(options));
        else if (live === false) room.endLive();
        else throw new TypeError("Cannot change the room: live has to be true or false");
      }
      return { username: room.username, account: room.account, ...room.stats() };
    case "faults":
      if (method === "DELETE") context.faults.clear(room.username);
      else room.fault(parseFault(readBody(exchange)));
      return { ok: true };
    case "tags":
      return { connections: room.connections(), tags: room.tags() };
    case "acks":
      return { acks: room.acks };
    default:
      return undefined;
  }
}
