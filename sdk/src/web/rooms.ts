/**
 * Rooms over HTTP: who is live where, and whether it is over. Two ways to a room by name, tried in order.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";
import type { RoomSummary } from "../events/types.ts";
import { apiLiveRequest, parseApiLive } from "./api_live.ts";
import { CHECK_ALIVE_BATCH, checkAliveRequest, parseCheckAlive } from "./check_alive.ts";
import type { HttpClient } from "./http.ts";
import type { BaseUrls } from "./identity.ts";
import { livePageRequest, parseLivePage } from "./live_page.ts";
import { parseRoomInfo, type RoomInfo, roomInfoRequest } from "./room_info.ts";
import { type RoomStatus, summaryOf } from "./room_status.ts";
import { checkRoomId, normaliseUsername } from "./usernames.ts";

/** A room by its host's normalised name, or by its checked id. */
export type RoomTarget = { readonly username: string } | { readonly roomId: string };

/** The room that a caller names. @throws LiveError `invalid_input` @throws TypeError */
export function readTarget(target: string | { readonly roomId: string }): RoomTarget {
  if (typeof target === "string") return { username: normaliseUsername(target) };
  if (typeof target !== "object" || target === null) {
    throw new TypeError("Cannot open a live: pass a name or { roomId }");
  }
  return { roomId: checkRoomId(target.roomId) };
}

/** Where a room's host is, by HTTP. */
export interface Whereabouts {
  /** Whether the room is over; a host who is live in another room has left it. `undefined`: TikTok does not say. */
  readonly over: boolean | undefined;
  /** The other room, where the host is live now. */
  readonly movedTo?: RoomSummary;
}

/** Failures of api-live after which the live page may still answer. */
const WORTH_THE_PAGE: ReadonlySet<string> = new Set([
  "blocked",
  "captcha",
  "empty_reply",
  "protocol",
  "login_required",
]);

/** Why nobody can watch a host now; `undefined` when the live is on or on hold. */
export function notOnAir(status: RoomStatus, username: string): LiveError | undefined {
  if (status.live || status.paused) return undefined;
  return status.host.private && status.roomId === ""
    ? new LiveError("private", `Find the live of ${username}: the account is private`)
    : new LiveError("offline", `Find the live of ${username}: not live`);
}

/** Asks TikTok about rooms. */
export class Rooms {
  readonly #http: HttpClient;
  readonly #baseUrls: BaseUrls;

  constructor(http: HttpClient, baseUrls: BaseUrls) {
    this.#http = http;
    this.#baseUrls = baseUrls;
  }

  /**
   * A host's room by api-live, then by the live page.
   * @throws {LiveError} the page's error when it is final, else api-live's
   */
  async status(username: string, signal?: AbortSignal): Promise<RoomStatus> {
    try {
      const reply = await this.#http.send(apiLiveRequest(this.#baseUrls.web, username), signal);
      const status = parseApiLive(reply, username);
      if (status.roomId !== "" || !(status.live || status.paused)) return status;
    } catch (error) {
      if (!isLiveError(error) || !WORTH_THE_PAGE.has(error.code)) throw error;
      try {
        return await this.#page(username, signal);
      } catch (pageError) {
        throw isLiveError(pageError) && pageError.retryable ? error : pageError;
      }
    }
    return await this.#page(username, signal);
  }

  /** @throws {LiveError} see {@link parseRoomInfo} */
  async info(roomId: string, signal?: AbortSignal): Promise<RoomInfo> {
    return parseRoomInfo(await this.#http.send(roomInfoRequest(this.#baseUrls.webcast, roomId), signal), roomId);
  }

  /** By room id whether it is on air, for those that TikTok answers for. */
  async alive(roomIds: readonly string[], signal?: AbortSignal): Promise<Map<string, boolean>> {
    const found = new Map<string, boolean>();
    for (let from = 0; from < roomIds.length; from += CHECK_ALIVE_BATCH) {
      const batch = roomIds.slice(from, from + CHECK_ALIVE_BATCH);
      const reply = await this.#http.send(checkAliveRequest(this.#baseUrls.webcast, batch), signal);
      for (const [roomId, alive] of parseCheckAlive(reply)) found.set(roomId, alive);
    }
    return found;
  }

  /**
   * The room to connect to.
   * @throws {LiveError} `offline` when it is not on air
   */
  async resolve(target: RoomTarget, signal?: AbortSignal): Promise<RoomSummary> {
    if ("roomId" in target) return await this.#resolveId(target.roomId, signal);
    const status = await this.status(target.username, signal);
    const why = notOnAir(status, target.username);
    if (why !== undefined) throw why;
    if (status.roomId === "") {
      throw new LiveError("protocol", `Find the live of ${target.username}: live, but TikTok names no room`);
    }
    return summaryOf(status);
  }

  /** Whether a room is over, by HTTP, and where its host went. */
  async whereabouts(target: RoomTarget, roomId: string, signal?: AbortSignal): Promise<Whereabouts> {
    if ("username" in target) {
      const status = await this.status(target.username, signal);
      if (!(status.live || status.paused)) return { over: true };
      const moved = status.roomId !== "" && status.roomId !== roomId;
      return moved ? { over: true, movedTo: summaryOf(status) } : { over: false };
    }
    const alive = (await this.alive([roomId], signal)).get(roomId);
    return { over: alive === undefined ? undefined : !alive };
  }

  async #page(username: string, signal?: AbortSignal): Promise<RoomStatus> {
    return parseLivePage(await this.#http.send(livePageRequest(this.#baseUrls.web, username), signal), username);
  }

  async #resolveId(roomId: string, signal?: AbortSignal): Promise<RoomSummary> {
    const alive = (await this.alive([roomId], signal)).get(roomId);
    if (alive !== true) throw new LiveError("offline", `Find room ${roomId}: not on air`);
    try {
      return summaryOf(await this.info(roomId, signal));
    } catch (error) {
      // The socket works without room info, and also for rooms whose info is held back.
      if (!isLiveError(error)) throw error;
      const host = { id: "", username: "", nickname: "", avatarUrl: undefined, secUid: undefined };
      return { roomId, title: "", startedAt: undefined, viewers: undefined, host };
    }
  }
}
