import {
  decodeFrame,
  type Fetch,
  isLiveError,
  LiveError,
  streamGunzip,
  type StreamLink,
  type TikTok,
} from "@roomtone/sdk";
import type {
  AnswerSight,
  CanaryHost,
  CanaryProbe,
  CanaryRefusal,
  CanaryRoute,
  FrameSight,
  MediaSight,
  Sighting,
  SocketSight,
} from "../../ports/canary.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RequestTurns } from "../../ports/request_turns.ts";
import { readAnswer, refusalIn, routeOf } from "./canary_answers.ts";
import { type ClientOptions, openClient, type TikTokAddresses } from "./tiktok_client.ts";

/** Options of {@link tiktokCanary}. */
export interface CanaryProbeOptions {
  addresses: TikTokAddresses;
  /** The budget that all requests of the process share. */
  turns: RequestTurns;
  /** Who it is. */
  identity: Pick<ClientOptions, "cookies" | "signer" | "mediaHosts">;
  clock: Clock;
  /** Longest time in a live, ms; 0 for none. */
  listenMs: number;
}

/** A live has been listened to for long enough when this much was seen. */
const ENOUGH_MESSAGES = 200;
const ENOUGH_FRAMES = 4;
const MOST_FRAMES = 60;
/** A socket opens within this time, ms. */
const OPENING_MS = 20_000;
/** Frames that come this long after the first ack were sent by a server that has it, ms. */
const ACK_ARRIVES_MS = 500;
const MOST_UNPACKED_BYTES = 8 * 1024 * 1024;
/** A name that nobody has. */
const NOBODY = "roomtone.nobody.has.this";
/**
 * A canary through the SDK: some fifteen requests and one socket, within the budget of the process and as a guest of its
 * own, so that it also sees how guest cookies are given.
 */
export function tiktokCanary(options: CanaryProbeOptions): CanaryProbe {
  return { look: async (hosts, signal) => await new Look(options, signal).run(hosts) };
}

class Look {
  readonly #options: CanaryProbeOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #reading: Promise<void>[] = [];
  readonly #answers: AnswerSight[] = [];
  readonly #refusals: CanaryRefusal[] = [];
  /** What its client sends along, for requests that the client has no call for. */
  #headers: Record<string, string> = {};
  /** Whose profile is read. */
  #profile = "";
  readonly #acks = { sent: 0, firstAt: Infinity, heartbeats: 0 };
  /** The SDK's code for a socket that did not open. */
  #refusedAs: string | undefined;
  /** How the first handshake ended: a canary does not try again. */
  readonly #socket = Promise.withResolvers<{ opened: boolean; detail: string }>();

  constructor(options: CanaryProbeOptions, signal: AbortSignal | undefined) {
    this.#options = options;
    this.#signal = signal;
  }

  async run(hosts: readonly CanaryHost[]): Promise<Sighting> {
    const { identity } = this.#options;
    const guest = this.#client({ mediaHosts: identity.mediaHosts });
    const pages = this.#client({ mediaHosts: identity.mediaHosts, fetch: withoutApiLive(this.#tap) });
    await this.#ask(() => guest.roomStatus(NOBODY));
    const host = await this.#findLive(guest, pages, hosts);
    this.#profile = host.username;
    if (host.username !== "") await this.#ask(() => guest.userInfo(host.username));
    await this.#ask(() => guest.giftList());
    await this.#ask(() => guest.priceList());
    await this.#lookUnsigned(host);
    const sighting: Sighting = { live: host.live, answers: this.#answers, refusals: this.#refusals };
    if (host.roomId !== "") {
      await this.#ask(() => guest.checkAlive([host.roomId]));
      const room = await this.#ask(() => guest.roomInfo(host.roomId));
      if (host.live) {
        sighting.media = await this.#lookAtMedia(guest, room?.links ?? []);
        const socket = await this.#listen(guest, host.roomId);
        if (socket !== undefined) sighting.socket = socket;
        const signer = await this.#askSigner(host.roomId);
        if (signer !== undefined) sighting.signer = signer;
      }
    }
    if (!host.live) this.#refusals.push({ what: "live", code: "not_live" });
    await Promise.all(this.#reading);
    return sighting;
  }

  #client(options: Pick<ClientOptions, "mediaHosts" | "fetch">): TikTok {
    const { addresses, turns } = this.#options;
    return openClient(addresses, turns, {
      fetch: this.#tap,
      ...options,
      onTrace: (event) => {
        if (event.kind === "socket" && event.what === "opened") this.#socket.resolve({ opened: true, detail: "" });
        if (event.kind === "socket" && event.what === "refused") {
          this.#socket.resolve({ opened: false, detail: event.detail });
        }
        if (event.kind === "route" && event.code !== undefined) this.#refusedAs ??= event.code;
        if (event.kind !== "frame" || event.direction !== "sent") return;
        if (event.payloadType === "ack" && this.#acks.sent++ === 0) this.#acks.firstAt = this.#options.clock.now();
        if (event.payloadType === "hb") this.#acks.heartbeats++;
      },
    });
  }

  /** A fetch that keeps what came back. */
  readonly #tap: Fetch = async (url, init) => {
    const asked = new URL(url);
    const route = this.#routeOf(asked);
    this.#headers = { ...init.headers as Record<string, string> };
    try {
      const response = await fetch(url, init);
      if (route !== undefined) {
        const nobody = route === "api_live" && asked.searchParams.get("uniqueId") === NOBODY;
        const whole = readAnswer(nobody ? "api_live_nobody" : route, response.clone());
        this.#reading.push(whole.then(({ answer, text }) => this.#keep(answer, text), () => undefined));
      }
      return response;
    } catch (error) {
      if (!this.#signal?.aborted && route !== undefined) this.#refusals.push({ what: route, code: "network" });
      throw error;
    }
  };

  /** Other people's profiles are asked for their cookies alone. */
  #routeOf(url: URL): CanaryRoute | undefined {
    const route = routeOf(url);
    return route === "profile_page" && url.pathname !== `/@${this.#profile}` ? "other_page" : route;
  }

  #keep(answer: AnswerSight, text: string): void {
    const code = refusalIn(answer, text);
    if (code === undefined) this.#answers.push(answer);
    else this.#refusals.push({ what: answer.route, code });
  }

  /** An answer of the client; what it makes of one that it cannot read is seen in the answer itself. */
  async #ask<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (!isLiveError(error)) throw error;
      return undefined;
    }
  }

  async #findLive(guest: TikTok, pages: TikTok, hosts: readonly CanaryHost[]) {
    let first: { username: string; roomId: string; live: boolean } | undefined;
    for (const { username, roomId = "" } of hosts) {
      const status = await this.#ask(() => guest.roomStatus(username));
      const page = await this.#ask(() => pages.roomStatus(username));
      const live = status?.live === true || page?.live === true;
      const found = { username, roomId: status?.roomId || page?.roomId || roomId, live: live || roomId !== "" };
      if (found.live) {
        await this.#ask(() => guest.feed().next());
        return found;
      }
      first ??= found;
    }
    const feed = await this.#ask(() => guest.feed().next());
    const [stream] = feed?.liveStreams ?? [];
    if (stream === undefined || !stream.live) return first ?? { username: "", roomId: "", live: false };
    const { host: { username }, roomId } = stream;
    await this.#ask(() => guest.roomStatus(username));
    await this.#ask(() => pages.roomStatus(username));
    return { username, roomId, live: true };
  }

  /** Routes that want a signature: whether they still do. */
  async #lookUnsigned({ username, roomId }: { username: string; roomId: string }): Promise<void> {
    const { tiktokWebUrl, tiktokWebcastUrl } = this.#options.addresses;
    const fetchInTurn = async (url: string) => {
      await this.#options.turns.take(1, { signal: this.#signal });
      const { Cookie: _guest, ...headers } = this.#headers;
      const response = await this.#tap(url, { headers, redirect: "manual", signal: AbortSignal.timeout(15_000) });
      await response.body?.cancel();
    };
    for (
      const url of [
        `${tiktokWebcastUrl}/webcast/im/fetch/?aid=1988&room_id=${roomId}&resp_content_type=protobuf`,
        `${tiktokWebUrl}/api/user/detail/?aid=1988&uniqueId=${username}`,
      ]
    ) {
      try {
        await fetchInTurn(url);
      } catch {
        // No turn, or no answer: there is nothing to be seen, and the tap has noted why.
        this.#signal?.throwIfAborted();
      }
    }
  }

  async #lookAtMedia(guest: TikTok, links: readonly StreamLink[]): Promise<MediaSight> {
    const sight: MediaSight = {
      links: links.map(({ url, quality, protocol, codec, expiresAt }) => ({
        ...{ quality, protocol, codec, expires: expiresAt !== undefined },
        ours: guest.servesMedia(url),
        host: URL.parse(url)?.hostname.split(".").slice(-2).join(".") ?? "",
      })),
    };
    const best = links.find(({ url, protocol }) => protocol === "flv" && guest.servesMedia(url));
    if (best === undefined) return sight;
    const ending = new AbortController();
    try {
      const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(15_000)]);
      const response = await fetch(best.url, { headers: this.#mediaHeaders(), redirect: "manual", signal });
      if (response.status === 403 || response.status === 429 || response.status >= 500) {
        this.#refusals.push({ what: "media", code: response.status === 429 ? "rate_limited" : "blocked" });
        return sight;
      }
      const chunk = (await response.body?.getReader().read())?.value ?? new Uint8Array(0);
      const mediaType = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
      const start = new TextDecoder("latin1").decode(chunk.subarray(0, 3));
      const signature = /^[\x20-\x7e]*$/.test(start) ? start : "bytes";
      sight.opened = { status: response.status, mediaType, signature };
    } catch {
      this.#signal?.throwIfAborted();
      this.#refusals.push({ what: "media", code: "network" });
    } finally {
      ending.abort();
    }
    return sight;
  }

  #mediaHeaders(): Record<string, string> {
    const { Cookie: _guest, Accept: _pages, ...headers } = this.#headers;
    return headers;
  }

  async #listen(guest: TikTok, roomId: string): Promise<SocketSight | undefined> {
    const { clock, listenMs } = this.#options;
    if (listenMs === 0) return undefined;
    const frames: { bytes: Uint8Array; afterAck: boolean }[] = [];
    const seen = new Set<Uint8Array>();
    const events: SocketSight["events"] = [];
    const ending = new AbortController();
    const live = guest.live({ roomId });
    live.onRecord((record) => {
      if (record.type !== "frame" || seen.has(record.bytes)) return;
      seen.add(record.bytes);
      frames.push({ bytes: record.bytes, afterAck: record.at >= this.#acks.firstAt + ACK_ARRIVES_MS });
      // Messages that cannot be read make no events.
      if (frames.length >= MOST_FRAMES) live.close();
    });
    let opened = false;
    let detail = "";
    const listen = async () => {
      const first = await Promise.race([this.#socket.promise, clock.sleep(OPENING_MS, ending.signal)]);
      if (first !== undefined) ({ opened, detail } = first);
      if (opened) await clock.sleep(listenMs, ending.signal);
      live.close();
    };
    // Cut short when enough was heard.
    const listening = listen().catch(() => undefined);
    const aborted = () => live.close();
    this.#signal?.addEventListener("abort", aborted, { once: true });
    let failure: unknown;
    try {
      for await (const event of live) {
        if ("method" in event) events.push(event);
        if (events.length >= ENOUGH_MESSAGES && enough(frames)) break;
      }
    } catch (error) {
      failure = error;
    } finally {
      ending.abort();
      this.#signal?.removeEventListener("abort", aborted);
      await listening;
    }
    this.#signal?.throwIfAborted();
    if (failure !== undefined && !isLiveError(failure)) throw failure;
    if (!opened) {
      const status = /HTTP (\d{3})/.exec(detail)?.[1];
      const code = this.#refusedAs ?? (isLiveError(failure) ? failure.code : "network");
      // What is not there any more, or does not take what clients send, is another protocol.
      if (status === "404" || status === "410" || code === "protocol") {
        return { handshake: status ?? "refused", frames: [], heartbeatsSent: 0, acksSent: 0, events: [] };
      }
      this.#refusals.push({ what: "socket", code });
      return undefined;
    }
    return {
      handshake: "opened",
      frames: await Promise.all(frames.map(({ bytes, afterAck }) => unpack(bytes, afterAck))),
      heartbeatsSent: this.#acks.heartbeats,
      acksSent: this.#acks.sent,
      events,
    };
  }

  async #askSigner(roomId: string): Promise<Sighting["signer"]> {
    const { identity: { signer }, clock } = this.#options;
    if (signer?.fetchRoom === undefined) return undefined;
    const signal = AbortSignal.any([
      AbortSignal.timeout(15_000),
      ...(this.#signal === undefined ? [] : [this.#signal]),
    ]);
    try {
      const room = await signer.fetchRoom(roomId, {
        fetch: (url, init) => fetch(url, init),
        clock: {
          now: () => clock.now(),
          setTimeout: (run, delayMs) => setTimeout(run, delayMs),
          clearTimeout: (timer) => clearTimeout(timer as number),
        },
        userAgent: this.#headers["User-Agent"] ?? "",
        session: undefined,
        signal,
      });
      const cookies = room.cookies.split(";").map((pair) => pair.split("=")[0]?.trim() ?? "");
      return { result: room.result, cookies };
    } catch (error) {
      this.#signal?.throwIfAborted();
      this.#refusals.push({ what: "signer", code: isLiveError(error) ? error.code : "network" });
      return undefined;
    }
  }
}

/** Without api-live a client goes to the live page. */
function withoutApiLive(fetch: Fetch): Fetch {
  return async (url, init) => {
    if (routeOf(new URL(url)) !== "api_live") return await fetch(url, init);
    throw new LiveError("blocked", "Look at the live page alone: api-live is left out");
  };
}

function enough(frames: readonly { bytes: Uint8Array; afterAck: boolean }[]): boolean {
  if (frames.length < ENOUGH_FRAMES || !frames.some(({ afterAck }) => afterAck)) return false;
  const types = new Set(frames.map(({ bytes }) => decodeFrame(bytes).payloadType));
  return types.has("hb") && types.has("msg") && types.has("im_enter_room_resp");
}

async function unpack(bytes: Uint8Array, afterAck: boolean): Promise<FrameSight> {
  const sight = { bytes, afterAck, payloadType: "", payloadEncoding: "", compression: "", closeReason: "" };
  try {
    const { payloadType, payloadEncoding, headers, payload } = decodeFrame(bytes);
    const of = {
      ...{ ...sight, payloadType, payloadEncoding },
      compression: headers["compress_type"] ?? "",
      closeReason: headers["close_reason"] ?? "",
    };
    if (of.compression !== "gzip") return { ...of, payload };
    return { ...of, payload: await gunzip(payload) };
  } catch {
    // It is no frame: that is what there is to tell of it.
    return { ...sight, payloadType: "no frame", payloadEncoding: "pb", payload: undefined };
  }
}

async function gunzip(payload: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await streamGunzip(payload, MOST_UNPACKED_BYTES);
  } catch {
    // What does not unpack is told as that.
    return undefined;
  }
}
