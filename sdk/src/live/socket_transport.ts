/**
 * A transport over one WebSocket.
 * @module
 */
import type { Clock, SocketFactory } from "../ports.ts";
import type { LiveTrace } from "../trace.ts";
import { publicUrl } from "../trace.ts";
import type { Gunzip } from "../wire/gunzip.ts";
import { Inbox } from "./inbox.ts";
import { closureError, refusalError } from "./socket_refusals.ts";
import type { Transport, TransportHandlers } from "./transport.ts";

/** Options of {@link openSocket}. */
export interface SocketTransportOptions {
  url: string;
  headers: Record<string, string>;
  sockets: SocketFactory;
  gunzip: Gunzip;
  clock: Clock;
  trace: (event: LiveTrace) => void;
}

/** Dials. */
export function openSocket(options: SocketTransportOptions, handlers: TransportHandlers): Transport {
  const { url, headers, sockets, gunzip, clock, trace } = options;
  const shown = publicUrl(url);
  const tell = (what: "opening" | "opened" | "refused" | "closed", detail = "") =>
    trace({ kind: "socket", what, url: shown, detail });
  const inbox = new Inbox(gunzip, handlers);
  tell("opening");
  const socket = sockets.open(url, { headers }, {
    opened: () => {
      tell("opened");
      handlers.opened();
    },
    refused: (refusal) => {
      const error = refusalError(refusal, url, clock.now());
      tell("refused", error.message);
      handlers.refused(error);
    },
    message: (bytes) => inbox.receive(bytes, clock.now()),
    closed: (closure) => {
      const error = closureError(closure, url);
      tell("closed", error.message);
      inbox.after(() => handlers.closed(error));
    },
  });
  return {
    send: (payloadType, bytes) => {
      trace({ kind: "frame", direction: "sent", payloadType, bytes: bytes.length });
      socket.send(bytes);
    },
    after: (run) => inbox.after(run),
    close: () => {
      inbox.close();
      socket.close();
    },
  };
}
