/**
 * Obeys the connection machine: resolves, opens sockets, runs timers, turns frames into events.
 * @module
 */
import { isLiveError } from "../errors.ts";
import type {
  ClientEvent,
  EventBase,
  LiveEvent,
  LiveEventType,
  LiveState,
  RoomSummary,
  RouteName,
} from "../events/types.ts";
import type { LiveTrace, Trace } from "../trace.ts";
import type { GiftDetails } from "../web/gift_list.ts";
import type { RoomTarget, Whereabouts } from "../web/rooms.ts";
import { encodeAck, encodeEnterRoom, encodeHeartbeat, type FetchResult, type PushFrame } from "../wire/frames.ts";
import {
  ConnectionMachine,
  type EndClaim,
  type MachineCommand,
  type MachineInput,
  type TimerName,
} from "./connection_machine.ts";
import { frameError } from "./frame_error.ts";
import { carriesBatch } from "./inbox.ts";
import type { LiveEnd, LiveEndRecord, LiveRecord } from "./live_record.ts";
import { RoomMessages } from "./room_messages.ts";
import type { RouteHealth } from "./route_health.ts";
import { openRoute, type RouteContext } from "./routes.ts";
import type { BatchSource, Transport } from "./transport.ts";

/** What a live takes from its client. */
export interface LiveContext extends RouteContext {
  trace: Trace;
  /** The client's routes and how they fared. */
  routes: RouteHealth;
  /** Finds the room; throws `offline` when it is not on air. */
  resolve: (target: RoomTarget, signal: AbortSignal) => Promise<RoomSummary>;
  /** Whether a room is over, by HTTP. */
  whereabouts: (target: RoomTarget, roomId: string, signal: AbortSignal) => Promise<Whereabouts>;
  /** Gifts by id, from TikTok's list. */
  giftDetails: (roomId: string, signal: AbortSignal) => Promise<ReadonlyMap<string, GiftDetails>>;
}

/** What a live counts. */
export interface LiveCounters {
  /** Frames received, and batches over HTTP. */
  frames: number;
  /** Messages decoded, those with a schema or not; duplicates are not in it. */
  messages: number;
  /** Messages dropped because their id was seen already. */
  duplicates: number;
  /** Frames that did not decode, and messages that became `decode_error`. */
  undecodable: number;
  /** Connections made. */
  connections: number;
  /** Times that a connection was lost or not made, and another try was due. */
  reconnects: number;
  /** Frames dropped because decoding fell behind; a `gap` event told of them. */
  framesDropped: number;
  /** Events by type, those that the client makes too; a type that never came is absent. */
  events: Partial<Record<LiveEventType, number>>;
  /** Messages without a schema, by method; beyond 500 methods all others count as `""`. */
  unknownMethods: Record<string, number>;
}

const MAX_UNKNOWN_METHODS = 500;

/** Where a driver reports to. */
export interface DriverHandlers {
  event(event: LiveEvent): void;
  record(record: LiveRecord): void;
  finished(outcome: { end: LiveEnd } | { failure: { error: unknown } }): void;
}

/** Options of {@link LiveDriver}. */
export interface DriverOptions {
  context: LiveContext;
  target: RoomTarget;
  /** Whether gift events are filled in from TikTok's list. */
  giftDetails: boolean;
  handlers: DriverHandlers;
}

/** One live, from resolve to end. */
export class LiveDriver {
  readonly counters: LiveCounters = {
    ...{ frames: 0, messages: 0, duplicates: 0, undecodable: 0, connections: 0, reconnects: 0, framesDropped: 0 },
    ...{ events: {}, unknownMethods: Object.create(null) },
  };
  readonly #context: LiveContext;
  readonly #target: RoomTarget;
  readonly #giftDetails: boolean;
  readonly #handlers: DriverHandlers;
  readonly #machine: ConnectionMachine;
  readonly #messages: RoomMessages;
  readonly #lifetime = new AbortController();
  readonly #timers = new Map<TimerName, unknown>();
  #room: RoomSummary | undefined;
  #route: RouteName = "direct";
  #transport: Transport | undefined;
  /** Where the host is live now; entered as soon as TikTok answers. */
  #nextRoom: { room: RoomSummary; gifts: ReadonlyMap<string, GiftDetails>; entered: boolean } | undefined;
  #openedGeneration = 0;
  /** The frame or batch whose messages are being told. */
  #telling: Extract<LiveRecord, { type: "frame" | "batch" }> | undefined;
  #end: LiveEnd = "closed";
  #finished = false;

  constructor(options: DriverOptions) {
    const { context, target, handlers } = options;
    this.#context = context;
    this.#target = target;
    this.#giftDetails = options.giftDetails;
    this.#handlers = handlers;
    this.#machine = new ConnectionMachine({
      random: context.random,
      canRotate: () => context.identity.canRotate,
      routes: context.routes,
    });
    this.#messages = new RoomMessages({
      counters: this.counters,
      emit: (event) => this.#emit(event),
      claimOver: (claim: EndClaim) => this.#input({ type: "over_claimed", claim }),
    });
  }

  get state(): LiveState {
    return this.#machine.phase;
  }

  /** Empty until the room is resolved. */
  get roomId(): string {
    return this.#room?.roomId ?? "";
  }

  start(): void {
    this.#input({ type: "start" });
  }

  stop(aborted?: { reason: unknown }): void {
    this.#input(aborted === undefined ? { type: "stop" } : { type: "stop", aborted });
  }

  #now(): number {
    return this.#context.clock.now();
  }

  #trace(event: LiveTrace): void {
    this.#context.trace({ ...event, roomId: this.roomId });
  }

  #input(input: MachineInput): void {
    for (const command of this.#machine.handle(input, this.#now())) {
      // A handler of the caller may end the live in the middle of the list.
      if (this.#finished) return;
      this.#obey(command);
    }
  }

  #obey(command: MachineCommand): void {
    switch (command.type) {
      case "prepare":
        return void this.#prepare();
      case "rotate_identity":
        return void this.#context.identity.rotate(this.#openedGeneration);
      case "open_route":
        return this.#openRoute(command.route);
      case "close_route":
        return this.#closeRoute();
      case "report_route": {
        const { route, error: { code, message } } = command;
        return this.#trace({ kind: "route", route, what: "failed", code, detail: message });
      }
      case "switch_room":
        return this.#switchRoom();
      case "enter_room":
        this.#send("hb", encodeHeartbeat(this.roomId));
        return this.#send("im_enter_room", encodeEnterRoom(this.roomId));
      case "send_heartbeat":
        this.#expireStreaks();
        return this.#send("hb", encodeHeartbeat(this.roomId));
      case "confirm_over":
        return void this.#confirm();
      case "set_timer":
        return this.#setTimer(command.name, command.delayMs);
      case "clear_timer":
        return this.#clearTimer(command.name);
      case "emit_state": {
        const { from, to, reason } = command;
        this.#trace({ kind: "state", from, to, reason });
        if (to === "waiting") this.counters.reconnects++;
        return this.#emitOwn({ ...this.#ownEvent("state"), from, to, reason });
      }
      case "emit_connected":
        return this.#emitConnected();
      case "emit_gap": {
        const { from, to, reason } = command;
        return this.#emitOwn({ ...this.#ownEvent("gap"), from, to, reason, dropped: undefined });
      }
      case "emit_ended":
        this.#end = command.reason;
        return this.#emitOwn({ ...this.#ownEvent("ended"), reason: command.reason });
      case "finish":
        return this.#finish(command.failure);
    }
  }

  /** Fields of an event that the client itself makes. */
  #ownEvent<T extends string>(type: T): EventBase<T> {
    const now = this.#now();
    return { type, id: "", roomId: this.roomId, at: now, receivedAt: now, history: false };
  }

  #emit(event: LiveEvent): void {
    if (this.#finished) return;
    const { counters: { events, unknownMethods } } = this;
    events[event.type] = (events[event.type] ?? 0) + 1;
    if (event.type === "unknown") countMethod(unknownMethods, event.method);
    this.#handlers.event(event);
  }

  #emitOwn(event: ClientEvent): void {
    if (this.#finished) return;
    this.#record({ type: "event", at: event.receivedAt, event });
    this.#emit(event);
  }

  /** Records one step, after the part of a frame that was told before it. */
  #record(record: LiveRecord): void {
    this.#recordTold();
    this.#handlers.record(record);
  }

  #recordTold(): void {
    const told = this.#telling;
    if (told === undefined) return;
    this.#telling = undefined;
    if (told.to > told.from) this.#handlers.record(told);
  }

  #expireStreaks(): void {
    const at = this.#now();
    this.#record({ type: "tick", at });
    this.#messages.expireStreaks(at);
  }

  #emitConnected(): void {
    const room = this.#room;
    if (room === undefined) return;
    this.counters.connections++;
    this.#trace({ kind: "route", route: this.#route, what: "connected", detail: "" });
    this.#emitOwn({ ...this.#ownEvent("connected"), route: this.#route, roomInfo: room });
  }

  #finish(failure: { error: unknown } | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#closeRoute();
    for (const name of [...this.#timers.keys()]) this.#clearTimer(name);
    this.#lifetime.abort(new DOMException("the live is over", "AbortError"));
    const ending = endOf(this.#end, failure);
    this.#record({ type: "end", at: this.#now(), ...ending });
    const { end: how, error } = ending;
    this.#trace({ kind: "end", how, ...(error?.code && { code: error.code }), ...(error && { error: error.message }) });
    this.#handlers.finished(failure === undefined ? { end: this.#end } : { failure });
  }

  async #prepare(): Promise<void> {
    const { signal } = this.#lifetime;
    try {
      const room = await this.#context.resolve(this.#target, signal);
      const { order } = this.#context.routes;
      // With one route only, to fail at once is to fail early; otherwise the next route needs no guest cookie.
      if (order.length === 1 && order[0] === "direct") {
        await this.#context.ensureTtwid(room.host.username, signal);
      }
      const gifts = await this.#readGifts(room.roomId, signal);
      if (this.#finished) return;
      this.#enter(room, gifts);
      this.#input({ type: "prepared" });
    } catch (error) {
      this.#input({ type: "prepare_failed", error });
    }
  }

  #enter(room: RoomSummary, gifts: ReadonlyMap<string, GiftDetails>): void {
    this.#room = room;
    this.#record({ type: "room", at: this.#now(), room, gifts });
    this.#messages.enter(room, gifts);
  }

  /** A live without the list is better than none: the failed request is in the trace. */
  async #readGifts(roomId: string, signal: AbortSignal): Promise<ReadonlyMap<string, GiftDetails>> {
    if (!this.#giftDetails) return new Map();
    try {
      return await this.#context.giftDetails(roomId, signal);
    } catch (error) {
      if (!isLiveError(error)) throw error;
      return new Map();
    }
  }

  async #confirm(): Promise<void> {
    let found: Whereabouts = { over: undefined };
    try {
      const { signal } = this.#lifetime;
      found = await this.#context.whereabouts(this.#target, this.roomId, signal);
      const room = found.movedTo;
      this.#nextRoom = room && { room, gifts: await this.#readGifts(room.roomId, signal), entered: false };
    } catch {
      // A refusal or a lost connection says nothing about the room.
    }
    // Frames that came in the meantime belong to the live that this may end.
    const { over, movedTo } = found;
    const answer = () => this.#input({ type: "over_answered", over, moved: movedTo !== undefined });
    if (this.#transport === undefined) answer();
    else this.#transport.after(answer);
  }

  #openRoute(route: RouteName): void {
    const { identity } = this.#context;
    this.#route = route;
    this.#openedGeneration = identity.generation;
    this.#trace({ kind: "route", route, what: "trying", detail: "" });
    const target = { roomId: this.roomId, username: this.#room?.host.username ?? "" };
    this.#transport = openRoute(route, this.#context, target, (event) => this.#trace(event), {
      opened: () => this.#input({ type: "opened" }),
      refused: (error) => this.#input({ type: "refused", error }),
      closed: (error) => this.#input({ type: "closed", error }),
      frame: (frame, bytes, receivedAt) => this.#onFrame(frame, bytes, receivedAt),
      batch: (batch, source) => this.#onBatch(batch, source),
      undecodable: (bytes, error, receivedAt) => this.#onUndecodable(bytes, error, receivedAt),
      dropped: (frames, from, to) => {
        this.#emitOwn({ ...this.#ownEvent("gap"), from, to, reason: "queue_overflow", dropped: undefined });
        this.counters.framesDropped += frames;
        this.#trace({ kind: "undecodable", bytes: 0, error: `${frames} frames dropped: decoding is too slow` });
      },
    });
  }

  #closeRoute(): void {
    const transport = this.#transport;
    this.#transport = undefined;
    this.#nextRoom = undefined;
    transport?.close();
  }

  #switchRoom(): void {
    const next = this.#nextRoom;
    if (next === undefined) return;
    next.entered = true;
    this.#send("hb", encodeHeartbeat(next.room.roomId));
    this.#send("im_enter_room", encodeEnterRoom(next.room.roomId));
  }

  #send(payloadType: string, bytes: Uint8Array): void {
    this.#transport?.send(payloadType, bytes);
  }

  #onFrame(frame: PushFrame, bytes: Uint8Array, receivedAt: number): void {
    const { payloadType } = frame;
    this.counters.frames++;
    this.#trace({ kind: "frame", direction: "received", payloadType, bytes: bytes.length });
    // One with a batch is recorded in the place where its messages are told.
    if (!carriesBatch(frame)) this.#record({ type: "frame", at: receivedAt, bytes, from: 0, to: 0 });
    if (payloadType === "im_enter_room_resp") this.#onEntered();
    if (payloadType === "close") {
      this.#input({ type: "server_close", reason: frame.headers["close_reason"] ?? "no reason given" });
    }
  }

  /** From here on the messages are of the room that was asked for last. */
  #onEntered(): void {
    const next = this.#nextRoom;
    if (next?.entered === true) {
      this.#nextRoom = undefined;
      this.#enter(next.room, next.gifts);
    }
    this.#input({ type: "frame" });
  }

  #onBatch(batch: FetchResult, { frame, bytes, receivedAt }: BatchSource): void {
    const record = (from: number, to: number) =>
      ({ type: frame === undefined ? "batch" : "frame", at: receivedAt, bytes, from, to }) as const;
    if (frame === undefined) {
      this.counters.frames++;
      this.#trace({ kind: "frame", direction: "received", payloadType: "batch", bytes: bytes.length });
    } else if (batch.needAck) {
      this.#send("ack", encodeAck(frame.logId, batch.internalExt));
    }
    // What still comes from the room that was left does not show that the new one was entered.
    if (this.#nextRoom?.entered !== true) this.#input({ type: "frame" });
    if (batch.messages.length === 0) this.#record(record(0, 0));
    for (const [index, message] of batch.messages.entries()) {
      if (this.#finished) return;
      // Another step in the middle of the batch cuts it in two.
      this.#telling = record(this.#telling?.from ?? index, index + 1);
      this.#messages.add(message, receivedAt);
    }
    this.#recordTold();
  }

  #onUndecodable(bytes: Uint8Array, error: unknown, receivedAt: number): void {
    this.counters.undecodable++;
    this.#record({ type: "frame", at: receivedAt, bytes, from: 0, to: 0 });
    const event = frameError(bytes, error, { roomId: this.roomId, receivedAt });
    this.#trace({ kind: "undecodable", bytes: bytes.length, error: event.error.message });
    this.#emit(event);
  }

  #setTimer(name: TimerName, delayMs: number): void {
    this.#clearTimer(name);
    const timer = this.#context.clock.setTimeout(() => {
      this.#timers.delete(name);
      this.#input({ type: "timer", name });
    }, delayMs);
    this.#timers.set(name, timer);
  }

  #clearTimer(name: TimerName): void {
    if (!this.#timers.has(name)) return;
    this.#context.clock.clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

function endOf(end: LiveEnd, failure: { error: unknown } | undefined): Omit<LiveEndRecord, "type" | "at"> {
  if (failure === undefined) return { end };
  const { error } = failure;
  const message = error instanceof Error ? error.message : String(error);
  return { end: "failed", error: isLiveError(error) ? { code: error.code, message } : { message } };
}

/** Method names come from outside: they are counted in a bounded object without a prototype. */
function countMethod(counts: Record<string, number>, method: string): void {
  const known = method in counts || Object.keys(counts).length < MAX_UNKNOWN_METHODS;
  const name = known ? method : "";
  counts[name] = (counts[name] ?? 0) + 1;
}
