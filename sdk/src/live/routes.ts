/**
 * The ways into a room: which ones a client has, and how each is opened.
 * @module
 */
import type { RouteName } from "../events/types.ts";
import type { Clock, SocketFactory } from "../ports.ts";
import type { SignedRooms } from "../signing/signed_rooms.ts";
import type { LiveTrace } from "../trace.ts";
import type { Identity } from "../web/identity.ts";
import type { Gunzip } from "../wire/gunzip.ts";
import { deferred } from "./deferred_transport.ts";
import { openPolling } from "./polling_route.ts";
import { signedSocketUrl } from "./signed_socket_url.ts";
import { openSocket } from "./socket_transport.ts";
import { directSocketHeaders, directSocketUrl } from "./socket_url.ts";
import type { Transport, TransportHandlers } from "./transport.ts";

/** What all routes of a client work with. */
export interface RouteContext {
  clock: Clock;
  random: () => number;
  sockets: SocketFactory;
  /** Sockets for URLs that are signed: nothing is added to their query. */
  signedSockets: SocketFactory;
  gunzip: Gunzip;
  identity: Identity;
  /** IANA name. */
  timeZone: string;
  signed: SignedRooms;
  /** Least time between two polls, ms; `undefined` leaves it to TikTok's answers. */
  pollIntervalMs: number | undefined;
  /** Makes sure that the identity has its guest cookie. */
  ensureTtwid: (username: string, signal: AbortSignal) => Promise<void>;
}

/** The room to enter. */
export interface RouteTarget {
  roomId: string;
  /** Empty when it is not known. */
  username: string;
}

/** Opens a route. */
export function openRoute(
  route: RouteName,
  context: RouteContext,
  target: RouteTarget,
  trace: (event: LiveTrace) => void,
  handlers: TransportHandlers,
): Transport {
  switch (route) {
    case "direct":
      return openDirect(context, target, trace, handlers);
    case "signed":
      return openSigned(context, target, trace, handlers);
    case "polling":
      return openPolling(context, target.roomId, handlers);
  }
}

function openDirect(
  context: RouteContext,
  { roomId, username }: RouteTarget,
  trace: (event: LiveTrace) => void,
  handlers: TransportHandlers,
): Transport {
  const { identity, random, timeZone } = context;
  const open = () => {
    const { userAgent, baseUrls } = identity;
    const url = directSocketUrl({ baseUrl: baseUrls.socket, roomId, userAgent, timeZone, random: random() });
    const headers = directSocketHeaders(userAgent, identity.cookieHeader(new URL(url)));
    return openSocket({ ...context, url, headers, trace }, handlers);
  };
  if (identity.ttwid !== undefined) return open();
  return deferred((signal) => context.ensureTtwid(username, signal), open, handlers);
}

/**
 * A signer's first answer names the socket; its messages are told once the socket proves that it works, since nobody
 * may believe an answer that leads nowhere.
 */
function openSigned(
  context: RouteContext,
  { roomId }: RouteTarget,
  trace: (event: LiveTrace) => void,
  handlers: TransportHandlers,
): Transport {
  const { identity, timeZone, random, signed } = context;
  return deferred(
    (signal) => signed.first(roomId, "signed", signal),
    (room) => {
      const userAgent = room.userAgent ?? identity.userAgent;
      const query = { userAgent, timeZone, random: random(), params: signed.params };
      const url = signedSocketUrl(room.result, roomId, query);
      const headers = directSocketHeaders(userAgent, room.cookies);
      let untold = true;
      const tellFirst = () => {
        if (!untold) return;
        untold = false;
        signed.forget(roomId);
        const { bytes, receivedAt } = room;
        handlers.batch(room.result, { frame: undefined, bytes, receivedAt });
      };
      return openSocket({ ...context, sockets: context.signedSockets, url, headers, trace }, {
        ...handlers,
        frame: (frame, bytes, at) => {
          if (frame.payloadType === "im_enter_room_resp") tellFirst();
          handlers.frame(frame, bytes, at);
        },
        batch: (batch, source) => {
          tellFirst();
          handlers.batch(batch, source);
        },
      });
    },
    handlers,
  );
}
