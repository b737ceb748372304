/**
 * The connection to one room as a state machine: inputs in, commands out, no I/O and no clock of its own. Policy is
 * from protocol.md 4.2 and 4.4: heartbeats each 10 s, back-off min(2^n, 30) s, 60 s of silence is stale, 30 s of
 * health restores the budget, an end is believed only after HTTP confirms it. Routes are tried in the user's order: one
 * that refuses makes way for the next at once, and only when none is left comes the back-off.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";
import type { EndedEvent, GapEvent, LiveState, RouteName } from "../events/types.ts";
import { failureOf, type RouteFailure } from "./route_failures.ts";
import type { RouteHealth } from "./route_health.ts";

/** Between two heartbeats, ms. */
export const HEARTBEAT_MS = 10_000;
/** Time for the handshake of the socket, ms. */
export const OPENING_MS = 15_000;
/** Time for a route that asks a signer first, ms. */
export const SIGNED_OPENING_MS = 30_000;
/** Silence after which the connection counts as dead, ms. Acks and heartbeat replies are no sign of life. */
export const STALE_MS = 60_000;
/** Time connected after which all reconnects are allowed again, ms. */
export const HEALTHY_MS = 30_000;
/** Reconnects in a row before giving up. */
export const RECONNECT_BUDGET = 5;
/** Longest back-off, ms. */
export const MAX_BACK_OFF_MS = 30_000;
/** Wait before the one try with a new identity, ms. */
export const ROTATE_MS = 2_000;
/** Waits before HTTP is asked again about an end that it did not confirm, ms: its answers lag behind the socket. */
export const CONFIRM_AGAIN_MS: readonly number[] = [3_000, 10_000, 30_000];

/** Timers that the machine asks for; each name runs at most once at a time. */
export type TimerName = "heartbeat" | "opening" | "stale" | "healthy" | "retry" | "confirm";

/** An end as a control message claims it. */
export type EndClaim = "ended" | "suspended";

/** What happened. */
export type MachineInput =
  | { type: "start" }
  /** The room is resolved. */
  | { type: "prepared" }
  | { type: "prepare_failed"; error: unknown }
  | { type: "opened" }
  | { type: "refused"; error: LiveError }
  | { type: "closed"; error: LiveError }
  /** A batch of messages or the answer to enter-room was decoded. */
  | { type: "frame" }
  /** The server says that it will close. */
  | { type: "server_close"; reason: string }
  | { type: "over_claimed"; claim: EndClaim }
  /** HTTP's answer to `confirm_over`; `undefined` when it could not say. `moved`: the host is live in another room. */
  | { type: "over_answered"; over: boolean | undefined; moved?: boolean }
  | { type: "timer"; name: TimerName }
  /** The caller ends the live: `error` is the reason of an abort, absent for a plain close. */
  | { type: "stop"; aborted?: { reason: unknown } };

/** What to do, in order. */
export type MachineCommand =
  | { type: "prepare" }
  | { type: "rotate_identity" }
  | { type: "open_route"; route: RouteName }
  /** A route failed; `close_route` follows where it was open. */
  | { type: "report_route"; route: RouteName; error: LiveError }
  | { type: "close_route" }
  /** Enters the room to which the host moved, on the same connection. */
  | { type: "switch_room" }
  | { type: "enter_room" }
  | { type: "send_heartbeat" }
  | { type: "confirm_over" }
  | { type: "set_timer"; name: TimerName; delayMs: number }
  | { type: "clear_timer"; name: TimerName }
  | { type: "emit_state"; from: LiveState; to: LiveState; reason: string }
  | { type: "emit_connected" }
  | { type: "emit_gap"; from: number; to: number; reason: GapEvent["reason"] }
  | { type: "emit_ended"; reason: EndedEvent["reason"] }
  /** The live is over: drop the socket and all timers. With `failure` it ended by an error. */
  | { type: "finish"; failure?: { error: unknown } };

/** Options of {@link ConnectionMachine}. */
export interface MachineOptions {
  /** 0 to below 1; spreads the back-off. */
  random: () => number;
  /** Whether a refused device can be exchanged for another one. */
  canRotate: () => boolean;
  /** The client's routes and how they fared. */
  routes: RouteHealth;
}

const NOTHING: readonly MachineCommand[] = [];

/**
 * Drives one live. Feed it inputs with the time at which they happened and obey the commands in order.
 *
 * Invariants: no command follows `finish`; a route is open only in `connecting` and `connected`, and never two at once;
 * `emit_connected` comes once for each room that is entered; every `emit_gap` has `from` at or before `to`.
 */
export class ConnectionMachine {
  readonly #options: MachineOptions;
  #phase: LiveState = "idle";
  #route: RouteName | undefined;
  #open = false;
  readonly #tried = new Set<RouteName>();
  #failures: RouteFailure[] = [];
  #healthy = false;
  #preparedOnce = false;
  #reconnects = 0;
  #rotated = false;
  #lastFrameAt = 0;
  #gap: { from: number; reason: "reconnect" | "stale" } | undefined;
  #claim: EndClaim | undefined;
  #confirmTries = 0;
  #commands: MachineCommand[] = [];

  constructor(options: MachineOptions) {
    this.#options = options;
  }

  get phase(): LiveState {
    return this.#phase;
  }

  /**
   * @param input what happened
   * @param nowMs when, ms
   * @returns what to do about it
   */
  handle(input: MachineInput, nowMs: number): readonly MachineCommand[] {
    if (this.#phase === "closed") return NOTHING;
    if (input.type === "frame" && this.#phase === "connected") {
      this.#lastFrameAt = nowMs;
      return NOTHING;
    }
    this.#commands = [];
    this.#dispatch(input, nowMs);
    return this.#commands;
  }

  #dispatch(input: MachineInput, nowMs: number): void {
    switch (input.type) {
      case "start":
        if (this.#phase === "idle") this.#prepare("started");
        return;
      case "prepared":
        return this.#onPrepared(nowMs);
      case "prepare_failed":
        return this.#onPrepareFailed(input.error);
      case "opened":
        return this.#onOpened(nowMs);
      case "refused":
        return this.#routeFailed(input.error, `refused: ${input.error.code}`, nowMs);
      case "closed":
        return this.#onClosed(input.error, nowMs);
      case "frame":
        return this.#onFirstFrame(nowMs);
      case "server_close":
        return this.#onServerClose(input.reason, nowMs);
      case "over_claimed":
        return this.#onClaim(input.claim);
      case "over_answered":
        return this.#onAnswer(input.over, input.moved === true, nowMs);
      case "timer":
        return this.#onTimer(input.name, nowMs);
      case "stop":
        return input.aborted === undefined
          ? this.#finish("closed by the caller")
          : this.#finish("aborted by the caller", { error: input.aborted.reason });
    }
  }

  #do(...commands: MachineCommand[]): void {
    this.#commands.push(...commands);
  }

  #move(to: LiveState, reason: string): void {
    if (to !== this.#phase) this.#do({ type: "emit_state", from: this.#phase, to, reason });
    this.#phase = to;
  }

  #finish(reason: string, failure?: { error: unknown }): void {
    this.#move("closed", reason);
    this.#do(failure === undefined ? { type: "finish" } : { type: "finish", failure });
  }

  #end(reason: EndedEvent["reason"]): void {
    this.#move("closed", `the live is over: ${reason}`);
    this.#do({ type: "emit_ended", reason }, { type: "finish" });
  }

  #prepare(reason: string): void {
    this.#move("resolving", reason);
    this.#do({ type: "prepare" });
  }

  #onPrepared(nowMs: number): void {
    if (this.#phase !== "resolving") return;
    this.#preparedOnce = true;
    // The room is on air, so a claim that it is over was wrong.
    this.#claim = undefined;
    this.#tried.clear();
    this.#failures = [];
    if (!this.#openNext("room resolved", nowMs)) this.#roundFailed("no route may be tried now", false, nowMs);
  }

  /** Tries the next route; false when none is left. */
  #openNext(reason: string, nowMs: number): boolean {
    const route = this.#options.routes.next(this.#tried, nowMs);
    if (route === undefined) return false;
    this.#tried.add(route);
    this.#route = route;
    this.#healthy = false;
    // Said also when the state stays the same: the route is new.
    this.#do({ type: "emit_state", from: this.#phase, to: "connecting", reason: `${reason}: trying ${route}` });
    this.#phase = "connecting";
    const delayMs = route === "direct" ? OPENING_MS : SIGNED_OPENING_MS;
    this.#do({ type: "open_route", route }, { type: "set_timer", name: "opening", delayMs });
    return true;
  }

  #onPrepareFailed(error: unknown): void {
    if (this.#phase !== "resolving") return;
    const code = isLiveError(error) ? error.code : undefined;
    if (this.#preparedOnce && code === "offline") return this.#end(this.#claim ?? "offline");
    if (!this.#preparedOnce) return this.#finish(`cannot resolve the room: ${code}`, { error });
    this.#retry(error, `cannot resolve the room: ${code}`);
  }

  #onOpened(nowMs: number): void {
    if (this.#phase !== "connecting" || this.#open) return;
    this.#open = true;
    this.#lastFrameAt = nowMs;
    this.#do(
      { type: "clear_timer", name: "opening" },
      { type: "enter_room" },
      { type: "set_timer", name: "heartbeat", delayMs: HEARTBEAT_MS },
      { type: "set_timer", name: "stale", delayMs: STALE_MS },
    );
  }

  #onFirstFrame(nowMs: number): void {
    if (this.#phase !== "connecting") return;
    this.#lastFrameAt = nowMs;
    this.#tried.clear();
    if (this.#route !== undefined) this.#tried.add(this.#route);
    this.#failures = [];
    this.#move("connected", "first frame");
    this.#do({ type: "emit_connected" }, { type: "set_timer", name: "healthy", delayMs: HEALTHY_MS });
    if (this.#gap !== undefined) {
      this.#do({ type: "emit_gap", from: this.#gap.from, to: nowMs, reason: this.#gap.reason });
      this.#gap = undefined;
    }
  }

  /** The route at hand does not lead into the room: the next one is tried at once. */
  #routeFailed(error: LiveError, saw: string, nowMs: number): void {
    const route = this.#route;
    if ((this.#phase !== "connecting" && this.#phase !== "connected") || route === undefined) return;
    this.#leave("reconnect", nowMs);
    this.#options.routes.failed(route, error, nowMs);
    this.#failures.push({ route, error });
    this.#do({ type: "report_route", route, error });
    const rotate = error.code === "device_blocked" && !this.#rotated && this.#options.canRotate();
    if (rotate) {
      this.#rotated = true;
      this.#do({ type: "rotate_identity" });
    }
    if (!this.#openNext(`${route} ${saw}`, nowMs)) this.#roundFailed(`${route} ${saw}`, rotate, nowMs);
  }

  /** No route is left: wait and begin anew, or fail for good. */
  #roundFailed(reason: string, rotated: boolean, nowMs: number): void {
    const { routes } = this.#options;
    if (rotated) {
      this.#move("waiting", `${reason}: a new identity is tried`);
      return this.#do({ type: "set_timer", name: "retry", delayMs: Math.max(ROTATE_MS, routes.waitMs(nowMs)) });
    }
    const passedOver = routes.order.flatMap((route) => {
      const error = this.#tried.has(route) ? undefined : routes.lastFailure(route);
      return error === undefined ? [] : [{ route, error }];
    });
    const [first, ...others] = [...this.#failures, ...passedOver];
    if (first === undefined) return this.#retry(new LiveError("network", "Reach the room: no route"), reason);
    // A device that is refused once more stays refused.
    const mendable = [first, ...others].some(({ error }) => error.retryable && error.code !== "device_blocked");
    const error = failureOf([first, ...others]);
    if (mendable) this.#retry(error, reason, routes.waitMs(nowMs));
    else this.#finish(reason, { error });
  }

  /** The connection ended: the room is resolved and all routes are tried again, after a while. */
  #onClosed(error: LiveError, nowMs: number): void {
    if (this.#phase === "connecting") return this.#routeFailed(error, "closed", nowMs);
    if (this.#phase === "connected") this.#reconnect(error, "connection closed", "reconnect", nowMs);
  }

  #onServerClose(reason: string, nowMs: number): void {
    if (reason === "disable_web_direct") {
      const error = new LiveError(
        "signer_failed",
        "Stay on the direct socket: TikTok turned it off (disable_web_direct)",
        {
          remedy: "This room can only be reached with a signer",
          retryable: false,
          evidence: { excerpt: reason },
        },
      );
      return this.#routeFailed(error, "turned off by TikTok", nowMs);
    }
    const error = new LiveError("network", "Stay on the socket: TikTok closed it", { evidence: { excerpt: reason } });
    if (this.#phase === "connecting") return this.#routeFailed(error, `closed by TikTok: ${reason}`, nowMs);
    if (this.#phase === "connected") this.#reconnect(error, `closed by TikTok: ${reason}`, "reconnect", nowMs);
  }

  /** Gives up a connection that worked, and tries again after a while. */
  #reconnect(error: LiveError, reason: string, gapReason: "reconnect" | "stale", nowMs: number): void {
    const route = this.#route;
    if (route !== undefined && !this.#healthy) this.#options.routes.failed(route, error, nowMs);
    this.#leave(gapReason, nowMs);
    this.#retry(error, reason);
  }

  /** Tries again after a while, or fails for good when that is of no use or too much. */
  #retry(error: unknown, reason: string, leastMs = 0): void {
    const retryable = isLiveError(error) && error.retryable;
    if (!retryable || this.#reconnects >= RECONNECT_BUDGET) return this.#finish(reason, { error });
    const ceilingMs = Math.min(2 ** this.#reconnects * 1000, MAX_BACK_OFF_MS);
    const askedMs = Math.max(leastMs, isLiveError(error) ? error.retryAfterMs ?? 0 : 0);
    const ownMs = Math.round(ceilingMs * (0.5 + this.#options.random() / 2));
    const delayMs = Math.max(ownMs, askedMs);
    this.#reconnects++;
    this.#move("waiting", askedMs > ownMs ? `${reason}: no try before ${delayMs} ms are over` : reason);
    this.#do({ type: "set_timer", name: "retry", delayMs });
  }

  /** Closes the route at hand; a gap begins where messages came over it. */
  #leave(gapReason: "reconnect" | "stale", nowMs: number): void {
    if (this.#phase === "connected") this.#gap = { from: Math.min(this.#lastFrameAt, nowMs), reason: gapReason };
    this.#open = false;
    this.#route = undefined;
    this.#do({ type: "close_route" });
    for (const name of ["opening", "heartbeat", "stale", "healthy", "confirm"] as const) {
      this.#do({ type: "clear_timer", name });
    }
  }

  #onClaim(claim: EndClaim): void {
    if (this.#phase !== "connected" || this.#claim !== undefined) return;
    this.#claim = claim;
    this.#confirmTries = 0;
    this.#do({ type: "confirm_over" });
  }

  #onAnswer(over: boolean | undefined, moved: boolean, nowMs: number): void {
    if (this.#claim === undefined) return;
    if (moved && this.#phase === "connected") return this.#switchRoom(nowMs);
    if (over === true) return this.#end(this.#claim);
    // Without a socket the next resolve asks HTTP anyway.
    if (this.#phase !== "connected") return;
    const delayMs = CONFIRM_AGAIN_MS[this.#confirmTries++];
    if (delayMs === undefined) this.#claim = undefined;
    else this.#do({ type: "set_timer", name: "confirm", delayMs });
  }

  /** The host is live in another room: it is entered on the connection that there is, where that is a socket. */
  #switchRoom(nowMs: number): void {
    const reason = "the host is live in another room";
    this.#claim = undefined;
    if (this.#route === "polling") {
      this.#leave("reconnect", nowMs);
      return this.#prepare(reason);
    }
    this.#lastFrameAt = nowMs;
    this.#move("connecting", reason);
    this.#do({ type: "clear_timer", name: "confirm" }, { type: "switch_room" });
  }

  #onTimer(name: TimerName, nowMs: number): void {
    switch (name) {
      case "retry":
        if (this.#phase === "waiting") this.#prepare("trying again");
        return;
      case "opening": {
        if (this.#phase !== "connecting") return;
        const limitMs = this.#route === "direct" ? OPENING_MS : SIGNED_OPENING_MS;
        const what = this.#route === "polling" ? "Poll the room: no answer" : "Open the socket: no handshake";
        return this.#routeFailed(new LiveError("deadline", `${what} within ${limitMs} ms`), "not open in time", nowMs);
      }
      case "heartbeat":
        if (!this.#open) return;
        return this.#do({ type: "send_heartbeat" }, { type: "set_timer", name, delayMs: HEARTBEAT_MS });
      case "stale": {
        if (!this.#open) return;
        const leftMs = this.#lastFrameAt + STALE_MS - nowMs;
        if (leftMs > 0) return this.#do({ type: "set_timer", name, delayMs: leftMs });
        const error = new LiveError("deadline", `Listen to the room: nothing came within ${STALE_MS} ms`);
        if (this.#phase === "connecting") return this.#routeFailed(error, "silent", nowMs);
        return this.#reconnect(error, "stale", "stale", nowMs);
      }
      case "healthy":
        this.#reconnects = 0;
        this.#rotated = false;
        this.#healthy = true;
        if (this.#route !== undefined) this.#options.routes.worked(this.#route, nowMs);
        return;
      case "confirm":
        if (this.#claim !== undefined) this.#do({ type: "confirm_over" });
        return;
    }
  }
}
