/**
 * The one class of connector 1.x, over {@link TikTok} and {@link Live}.
 * @module
 */
import { withDeadline } from "../deadline.ts";
import { LiveError } from "../errors.ts";
import type { LiveEvent, RouteName, WireEvent } from "../events/types.ts";
import { decodeMessage } from "../events/decode.ts";
import { FRAME_METHOD } from "../live/frame_error.ts";
import type { Live } from "../live/live.ts";
import { Inbox } from "../live/inbox.ts";
import { systemClock } from "../ports.ts";
import { TikTok } from "../tiktok.ts";
import { parseCookies } from "../web/identity.ts";
import { normaliseUsername } from "../web/usernames.ts";
import { decodeFetchResult, type FetchResult } from "../wire/frames.ts";
import { streamGunzip } from "../wire/gunzip.ts";
import { Emitter } from "./emitter.ts";
import { EVENT_OF_METHOD, flatFields, isWireEvent } from "./flatten.ts";
import { readOptions, sessionCookies, type WebcastOptions, type WebcastSettings } from "./options.ts";
import type { WebcastEvents, WebcastGift, WebcastState } from "./types.ts";

/** A JSON object of TikTok's. */
type Json = Readonly<Record<string, unknown>>;

/** TikTok's number of a room that is over. */
const ROOM_OVER = 4;

/**
 * A connection to one host's live, with the methods, events and flat fields of connector 1.x. It reconnects by itself:
 * `disconnected` means that it is over. An `error` event that nobody listens to does nothing, and so does what a
 * handler throws: it goes to `error`.
 *
 * @example
 * ```ts
 * import { WebcastPushConnection } from "@roomtone/sdk/compat";
 * const connection = new WebcastPushConnection("some.host");
 * connection.on("chat", (data) => console.log(`${data.uniqueId}: ${data.comment}`));
 * connection.on("gift", (data) => console.log(`${data.uniqueId} sends ${data.giftName}`));
 * const state = await connection.connect();
 * console.log(`Connected to room ${state.roomId}`);
 * ```
 */
export class WebcastPushConnection extends Emitter<WebcastEvents> {
  readonly #username: string;
  readonly #settings: WebcastSettings;
  #sessionId: string | null;
  #tiktok: TikTok;
  #connecting = false;
  #live: Live | undefined;
  #roomId: string | undefined;
  #route: RouteName = "direct";
  #roomInfo: Json | null = null;
  #gifts: Json[] | undefined;
  #giftsById = new Map<unknown, Json>();

  /**
   * Nothing is sent yet.
   * @param uniqueId the host's name, with or without @, or the URL of the live
   * @throws {LiveError} `invalid_input` for a name that TikTok cannot have
   * @throws {TypeError} for an option that cannot be used
   * @throws {RangeError} for a time-out or a polling interval out of range
   */
  constructor(uniqueId: string, options: WebcastOptions = {}) {
    super();
    this.#username = normaliseUsername(uniqueId);
    this.#settings = readOptions(options);
    this.#sessionId = this.#settings.sessionId;
    this.#tiktok = this.#client();
  }

  /**
   * Connects. Tells `websocketConnected` and `connected`, or `error`.
   * @param roomId a room to connect to in place of the host's current one
   * @throws {LiveError} `offline`, `not_found`, `private`, a refusal, `network`, `deadline`, `protocol`
   * @throws {TypeError} when it is connected or connecting already
   */
  async connect(roomId: string | null = null): Promise<WebcastState> {
    if (this.#connecting) throw new TypeError(`Connect to ${this.#username}: Already connecting!`);
    if (this.#live !== undefined) throw new TypeError(`Connect to ${this.#username}: Already connected!`);
    this.#connecting = true;
    try {
      const live = await this.#open(roomId);
      this.#live = live;
      this.#roomId = live.roomId;
    } catch (error) {
      this.#roomInfo = null;
      this.#fail("Error while connecting", error);
      throw error;
    } finally {
      this.#connecting = false;
    }
    const live = this.#live;
    const state = this.getState();
    this.#tellSocket(live);
    this.#tell("connected", state);
    void this.#read(live);
    return state;
  }

  /** Ends the connection and tells `disconnected`; does nothing when there is none. */
  disconnect(): void {
    const live = this.#live;
    if (live === undefined) return;
    this.#live = undefined;
    this.#roomInfo = null;
    live.close();
    this.#tell("disconnected");
  }

  /** What is known now. */
  getState(): WebcastState {
    const isConnected = this.#live !== undefined;
    return {
      isConnected,
      upgradedToWebsocket: isConnected && this.#route !== "polling",
      roomId: this.#roomId,
      roomInfo: this.#roomInfo,
      availableGifts: this.#gifts,
    };
  }

  /**
   * TikTok's whole room object: of the room that is connected to, else of the host's current one. Its ids above 2^53
   * have lost digits where TikTok wrote them as numbers: use `id_str`.
   * @throws {LiveError} `offline`, `age_restricted`, `login_required`, `not_found`, a refusal, `network`, `deadline`,
   * `protocol`
   */
  async getRoomInfo(): Promise<Readonly<Record<string, unknown>>> {
    if (this.#live === undefined) this.#roomId = await this.#findRoom();
    return await this.#readRoomInfo(this.#roomId ?? "");
  }

  /**
   * TikTok's whole gift list. About 2.6 MB.
   * @throws {LiveError} `login_required`, a refusal, `network`, `deadline`, `protocol`
   */
  async getAvailableGifts(): Promise<Readonly<Record<string, unknown>>[]> {
    return await this.#readGifts();
  }

  /**
   * Says something in the room, as the logged-in user. It needs a session and `signProviderOptions` (or another signer
   * in the option `tiktok`).
   * @param text 1 to 500 characters
   * @param sessionId the `sessionid` cookie, in place of the one in the options, from now on
   * @returns the `data` of TikTok's answer, once it took the message
   * @throws {LiveError} `login_required` without a session, `signer_failed` without a signer, `invalid_input`,
   * `rate_limited`, `offline`, a refusal, `network`, `deadline`, `protocol`
   */
  async sendMessage(text: string, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    if (sessionId !== undefined && sessionId !== "" && sessionId !== this.#sessionId) {
      this.#sessionId = sessionId;
      this.#tiktok = this.#client();
    }
    const target = this.#live === undefined ? this.#username : { roomId: this.#live.roomId };
    return (await this.#tiktok.sendMessage(target, text)).data;
  }

  /**
   * Tells the events of bytes that were kept, such as those of `rawData`, as if they came now; for looking into things.
   * It works without a connection.
   * @param messageType the wire method of a message; or `WebcastResponse` for a batch of messages, and
   * `WebcastWebsocketMessage` for a whole frame
   * @throws {LiveError} `protocol` for a batch or frame that does not decode; a message that does not is an `error` event
   */
  async decodeProtobufMessage(messageType: string, messageBuffer: Uint8Array): Promise<void> {
    const tell = ({ messages }: FetchResult) => {
      for (const { method, payload, id, history } of messages) {
        this.#takeMessage(decodeMessage(method, payload, { id, history }));
      }
    };
    if (messageType === "WebcastResponse") return tell(decodeFetchResult(messageBuffer));
    if (messageType !== "WebcastWebsocketMessage") {
      return this.#takeMessage(decodeMessage(messageType, messageBuffer));
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const nothing = () => {};
    const { gunzip = streamGunzip } = this.#settings.tiktok;
    const undecodable = (_bytes: Uint8Array, error: unknown) => reject(error);
    const inbox = new Inbox(gunzip, { frame: nothing, batch: tell, undecodable, dropped: nothing });
    inbox.receive(messageBuffer, 0);
    inbox.after(resolve);
    await promise;
  }

  #client(): TikTok {
    const { tiktok } = this.#settings;
    const cookies = { ...Object.fromEntries(parseCookies(tiktok.cookies)), ...sessionCookies(this.#sessionId) };
    return new TikTok({ ...tiktok, cookies });
  }

  /** The live, connected. */
  async #open(givenRoomId: string | null): Promise<Live> {
    const { fetchRoomInfoOnConnect, enableExtendedGiftInfo, enableWebsocketUpgrade } = this.#settings;
    const { connectTimeoutMs, tiktok: { clock = systemClock, signer } } = this.#settings;
    const action = `Connect to ${this.#username}`;
    if (!enableWebsocketUpgrade && signer === undefined) {
      throw new LiveError("signer_failed", `${action}: enableWebsocketUpgrade is off, and polling needs a signer`, {
        remedy: "Pass signProviderOptions, {} for Euler Stream, or leave enableWebsocketUpgrade on",
        retryable: false,
      });
    }
    const connect = async (signal?: AbortSignal) => {
      if (fetchRoomInfoOnConnect) {
        this.#roomId = givenRoomId ?? await this.#findRoom(signal);
        await this.#refuseWhenOver(this.#roomId, signal);
      } else if (givenRoomId !== null) {
        this.#roomId = givenRoomId;
      }
      if (enableExtendedGiftInfo) await this.#readGifts(signal);
      const live = this.#tiktok.live(givenRoomId === null ? this.#username : { roomId: givenRoomId });
      const close = () => live.close();
      signal?.addEventListener("abort", close, { once: true });
      this.#route = (await live.connected).route;
      signal?.removeEventListener("abort", close);
      return live;
    };
    if (connectTimeoutMs === 0) return await connect();
    return await withDeadline({ clock, timeoutMs: connectTimeoutMs, action }, connect);
  }

  async #findRoom(signal?: AbortSignal): Promise<string> {
    const { roomId } = await this.#tiktok.roomStatus(this.#username, { signal });
    if (roomId !== "") return roomId;
    throw new LiveError("offline", `Find the room of ${this.#username}: User might be offline`);
  }

  async #refuseWhenOver(roomId: string, signal?: AbortSignal): Promise<void> {
    try {
      const { status } = await this.#readRoomInfo(roomId, signal);
      if (status !== ROOM_OVER) return;
    } catch (error) {
      // The socket lets guests into rooms whose info is for adults.
      if (!(error instanceof LiveError) || error.code !== "age_restricted") throw error;
      return this.#fail("TikTok holds the room info back", error);
    }
    throw new LiveError("offline", `Connect to ${this.#username}: LIVE has ended`);
  }

  async #readRoomInfo(roomId: string, signal?: AbortSignal): Promise<Json> {
    const { data } = await this.#tiktok.roomInfo(roomId, { signal });
    this.#roomInfo = data;
    return data;
  }

  async #readGifts(signal?: AbortSignal): Promise<Json[]> {
    const gifts = (await this.#tiktok.giftList(this.#roomId, { signal })).map((gift) => gift.data);
    this.#gifts = gifts;
    this.#giftsById = new Map(gifts.map((gift) => [gift["id"], gift]));
    return gifts;
  }

  async #read(live: Live): Promise<void> {
    let first = true;
    try {
      for await (const event of live) {
        if (this.#live !== live) return;
        // The first one is what `connect` waited for.
        if (event.type === "connected" && first) first = false;
        else this.#take(event, live);
      }
    } catch (error) {
      if (this.#live === live) this.#fail("Connection lost", error);
    }
    if (this.#live === live) this.disconnect();
  }

  #take(event: LiveEvent, live: Live): void {
    if (isWireEvent(event)) return this.#takeMessage(event);
    if (event.type === "connected") {
      this.#roomId = event.roomId;
      this.#route = event.route;
      this.#tellSocket(live);
    } else if (event.type === "gap") {
      const [from, to] = [event.from, event.to].map((time) => new Date(time).toISOString());
      this.#fail(`Messages may be missing from ${from} to ${to}: ${event.reason}`, null);
    } else if (event.type === "ended") {
      this.#tell("streamEnd", { action: event.reason === "suspended" ? 4 : 3 });
    }
  }

  #takeMessage(event: WireEvent): void {
    const { method, bytes } = event;
    if (event.history && !this.#settings.processInitialData) return;
    if (event.type === "decode_error") {
      this.#fail("Message decoding failed", event.error);
      if (method === FRAME_METHOD) return;
    }
    // The client's own close of a silent streak repeats a message that was told already.
    if (event.type === "gift" && event.streak.closedBy === "timeout") return;
    this.#tell("rawData", method, bytes);
    const name = EVENT_OF_METHOD[method];
    // Decoding is most of the work, so only for those who listen.
    const listened = (["decodedData", "follow", "share", ...(name === undefined ? [] : [name])] as const)
      .some((one) => this.listenerCount(one) > 0);
    if (!listened) return;
    const data = flatFields(event);
    if (data === undefined) return;
    if (event.type === "gift") this.#extend(data as WebcastGift);
    this.#tell("decodedData", method, data, bytes);
    if (name !== undefined) this.#tell(name, data as never);
    if (event.type === "follow" || event.type === "share") this.#tell(event.type, data);
  }

  #extend(gift: WebcastGift): void {
    const info = this.#giftsById.get(gift.giftId);
    if (info !== undefined) gift.extendedGiftInfo = info;
  }

  #tellSocket(live: Live): void {
    if (this.#route === "polling") return;
    const isCurrent = () => this.#live === live;
    const connection = {
      get connected() {
        return isCurrent() && live.state === "connected";
      },
      close: () => {
        if (isCurrent()) this.disconnect();
      },
    };
    this.#tell("websocketConnected", { connection });
  }

  /** Calls the handlers; what one throws disturbs neither the connection nor later events. */
  #tell<Name extends keyof WebcastEvents>(name: Name, ...args: WebcastEvents[Name]): void {
    try {
      this.emit(name, ...args);
    } catch (error) {
      this.#fail(`Error in a handler of '${name}'`, error);
    }
  }

  #fail(info: string, exception: unknown): void {
    try {
      this.emit("error", { info, exception });
    } catch (error) {
      // Nobody is left to tell: the program's own fault surfaces as one.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
