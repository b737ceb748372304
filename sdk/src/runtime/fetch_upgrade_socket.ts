/**
 * WebSockets over a fetch that can upgrade: Cloudflare Workers, where `new WebSocket` takes no headers and `fetch` with
 * `Upgrade: websocket` answers 101 with the socket in `response.webSocket`. A refusal is that same answer, so its
 * status and headers are seen.
 * @module
 */
import { LiveError } from "../errors.ts";
import type { Fetch, Socket, SocketClosure, SocketFactory, SocketHandlers, SocketRefusal } from "../ports.ts";
import { hostFetch } from "./host.ts";
import { bytesOf, closureOf, refusalOf } from "./socket_events.ts";

/** Options of {@link fetchUpgradeSockets}. */
export interface FetchUpgradeOptions {
  /** A fetch whose answer to an upgrade carries `webSocket`. @default the host's fetch */
  fetch?: Fetch;
}

/** What is used of the socket in an upgraded answer. */
interface UpgradedSocket {
  binaryType?: string;
  accept(): void;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: string, listener: (event: unknown) => void): void;
}

/**
 * Sockets for Cloudflare Workers: pass them to the client as its option `socket`.
 * @returns a factory whose sockets report a host that cannot upgrade as a refusal with the cause `network`
 * @throws {TypeError} when the host has no fetch and none is given
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * import { fetchUpgradeSockets } from "@roomtone/sdk/workers";
 *
 * export default {
 *   async fetch(): Promise<Response> {
 *     const live = new TikTok({ socket: fetchUpgradeSockets() }).live("some.host");
 *     for await (const event of live) {
 *       if (event.type === "chat") return new Response(event.text);
 *     }
 *     return new Response("the live is over");
 *   },
 * };
 * ```
 */
export function fetchUpgradeSockets(options: FetchUpgradeOptions = {}): SocketFactory {
  const fetch = options.fetch ?? hostFetch(globalThis);
  return {
    open: (url, { headers }, handlers) => {
      const socket = new FetchUpgradeSocket(handlers);
      void socket.run(fetch, url, headers);
      return socket;
    },
  };
}

class FetchUpgradeSocket implements Socket {
  readonly #handlers: SocketHandlers;
  readonly #opening = new AbortController();
  #socket: UpgradedSocket | undefined;
  /** Set once the socket is done: no handler is called afterwards. */
  #done = false;

  constructor(handlers: SocketHandlers) {
    this.#handlers = handlers;
  }

  /** Opens and reports; never rejects. */
  async run(fetch: Fetch, url: string, headers: Record<string, string>): Promise<void> {
    try {
      const response = await fetch(url.replace(/^ws/, "http"), {
        headers: { ...headers, Upgrade: "websocket" },
        redirect: "manual",
        signal: this.#opening.signal,
      });
      const socket = upgradedSocket(response);
      if (socket === undefined) {
        await response.body?.cancel();
        return this.#refuse(response.status === 101 ? { cause: cannotUpgrade() } : refusalOf(response));
      }
      this.#take(socket);
    } catch (cause) {
      this.#refuse({ cause });
    }
  }

  send(bytes: Uint8Array): void {
    if (!this.#done) this.#socket?.send(bytes);
  }

  close(): void {
    if (this.#done) return;
    this.#done = true;
    this.#opening.abort(new DOMException("the socket was closed", "AbortError"));
    this.#socket?.close(1000);
  }

  #take(socket: UpgradedSocket): void {
    // Newer Workers give Blobs otherwise.
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (event) => {
      const bytes = bytesOf(event);
      if (!this.#done && bytes !== undefined) this.#handlers.message(bytes);
    });
    socket.addEventListener("close", (event) => this.#end(closureOf(event)));
    socket.addEventListener("error", (event) => this.#end(closureOf(event)));
    socket.accept();
    if (this.#done) return socket.close(1000);
    this.#socket = socket;
    this.#handlers.opened();
  }

  #refuse(refusal: SocketRefusal): void {
    if (this.#done) return;
    this.#done = true;
    this.#handlers.refused(refusal);
  }

  #end(closure: SocketClosure): void {
    if (this.#done) return;
    this.#done = true;
    // Workers leave their half of the connection open until it is closed too.
    this.#socket?.close();
    this.#handlers.closed(closure);
  }
}

function upgradedSocket(response: Response): UpgradedSocket | undefined {
  const { webSocket } = response as { webSocket?: unknown };
  return typeof webSocket === "object" && webSocket !== null ? webSocket as UpgradedSocket : undefined;
}

function cannotUpgrade(): LiveError {
  return new LiveError("network", "Open the socket: this host's fetch hands out no upgraded socket", {
    remedy: "Use it on Cloudflare Workers, or leave the option socket out elsewhere",
    retryable: false,
  });
}
