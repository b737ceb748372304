/**
 * The room of a recording over HTTP: who it is, what streams there are, and whether it is over.
 * @module
 */
import { type Clock, isLiveError, LiveError, normaliseUsername, type StreamLink, type TikTok } from "@roomtone/sdk";
import type { RecordTarget } from "./types.ts";
import { sleep } from "./sleep.ts";

/** Quiet time before an end is asked about again, ms. */
const QUIET_MS = 1_500;

/** What HTTP says about the room now. */
export interface RoomLook {
  /** `undefined` when TikTok did not say. */
  over: boolean | undefined;
  /** The host has put the live on hold: there is no stream, and it is not over. */
  paused: boolean;
  links: StreamLink[];
  /** Why there is no answer, or no link. */
  error: LiveError | undefined;
}

/** The room to record. */
export interface FoundRoom {
  roomId: string;
  host: { username: string; id?: string };
  title: string;
  look: RoomLook;
}

/** Asks TikTok about one room. */
export class RoomWatch {
  readonly #tiktok: TikTok;
  readonly #clock: Clock;
  readonly #target: RecordTarget;
  #roomId = "";
  #confirming: Promise<boolean> | undefined;

  /** @throws {LiveError} `invalid_input` for a name that is none */
  constructor(tiktok: TikTok, target: RecordTarget, clock: Clock) {
    this.#tiktok = tiktok;
    this.#clock = clock;
    this.#target = typeof target === "string" ? normaliseUsername(target) : target;
  }

  /**
   * Finds the room.
   * @throws {LiveError} `offline`, `not_found`, `private`, a refusal, `network`, `deadline`, `protocol`
   */
  async find(signal: AbortSignal): Promise<FoundRoom> {
    const target = this.#target;
    const found = typeof target === "string"
      ? await this.#findByName(target, signal)
      : await this.#findById(target, signal);
    this.#roomId = found.roomId;
    return found;
  }

  async #findByName(username: string, signal: AbortSignal): Promise<FoundRoom> {
    const status = await this.#tiktok.roomStatus(username, { signal });
    const { live, paused, roomId, title, host } = status;
    if (!live && !paused) {
      throw host.private && roomId === ""
        ? new LiveError("private", `Record ${username}: the account is private`)
        : new LiveError("offline", `Record ${username}: not live`);
    }
    if (roomId === "") throw new LiveError("protocol", `Record ${username}: live, but TikTok names no room`);
    const look = await this.#withLinks({ over: false, paused, links: status.links, error: undefined }, roomId, signal);
    return { roomId, title, host: { username, ...(host.id === "" ? {} : { id: host.id }) }, look };
  }

  async #findById(target: Exclude<RecordTarget, string>, signal: AbortSignal): Promise<FoundRoom> {
    const { roomId } = target;
    const username = target.username === undefined ? "" : normaliseUsername(target.username);
    try {
      const { live, paused, title, host, links } = await this.#tiktok.roomInfo(roomId, { signal });
      if (!live && !paused) throw new LiveError("offline", `Record room ${roomId}: not on air`);
      return {
        roomId,
        title,
        host: { username: username || host.username, ...(host.id === "" ? {} : { id: host.id }) },
        look: { over: false, paused, links, error: undefined },
      };
    } catch (error) {
      // The socket tells the events of rooms whose info is held back.
      if (!isLiveError(error) || !["age_restricted", "login_required"].includes(error.code)) throw error;
      if ((await this.#tiktok.checkAlive([roomId], { signal })).get(roomId) !== true) throw error;
      return { roomId, title: "", host: { username }, look: { over: false, paused: false, links: [], error } };
    }
  }

  /** Asks now. Fails only with the signal's reason. */
  async look(signal: AbortSignal): Promise<RoomLook> {
    try {
      return typeof this.#target === "string"
        ? await this.#lookByName(this.#target, signal)
        : await this.#lookById(signal);
    } catch (error) {
      if (!isLiveError(error)) throw error;
      return { over: undefined, paused: false, links: [], error };
    }
  }

  async #lookByName(username: string, signal: AbortSignal): Promise<RoomLook> {
    const { live, paused, roomId, links } = await this.#tiktok.roomStatus(username, { signal });
    // A host who is live in another room has left this one.
    const over = !(live || paused) || (roomId !== "" && roomId !== this.#roomId);
    const look = { over, paused, links, error: undefined };
    return over ? look : await this.#withLinks(look, this.#roomId, signal);
  }

  async #lookById(signal: AbortSignal): Promise<RoomLook> {
    try {
      const { live, paused, links } = await this.#tiktok.roomInfo(this.#roomId, { signal });
      return { over: !(live || paused), paused, links, error: undefined };
    } catch (error) {
      if (!isLiveError(error)) throw error;
      if (error.code === "offline") return { over: true, paused: false, links: [], error };
      const alive = (await this.#tiktok.checkAlive([this.#roomId], { signal })).get(this.#roomId);
      return { over: alive === undefined ? undefined : !alive, paused: false, links: [], error };
    }
  }

  /** api-live may leave the links out; room info has them too. */
  async #withLinks(look: RoomLook, roomId: string, signal: AbortSignal): Promise<RoomLook> {
    if (look.links.length > 0) return look;
    try {
      return { ...look, links: (await this.#tiktok.roomInfo(roomId, { signal })).links };
    } catch (error) {
      if (!isLiveError(error)) throw error;
      return { ...look, error };
    }
  }

  /** Whether the live is over: HTTP has to say so twice, with a quiet time in between. */
  confirmOver(signal: AbortSignal): Promise<boolean> {
    this.#confirming ??= this.#confirm(signal).finally(() => {
      this.#confirming = undefined;
    });
    return this.#confirming;
  }

  async #confirm(signal: AbortSignal): Promise<boolean> {
    if ((await this.look(signal)).over !== true) return false;
    await sleep(this.#clock, QUIET_MS, signal);
    return (await this.look(signal)).over === true;
  }
}
