/**
 * The connection to one room as a state machine: inputs in, commands out, no I/O and no clock of its own. Policy is
 * from protocol.md 4.2 and 4.4: heartbeats each 10 s, back-off min(2^n, 30) s, 60 s of silence is stale, 30 s of
 * health restores the budget, an end is believed only after HTTP confirms it.
 * @module
 */
import { isLiveError, LiveError } from "../errors.ts";
import type { EndedEvent, GapEvent, LiveState } from "../events/types.ts";

/** Between two heartbeats, ms. */
export const HEARTBEAT_MS = 10_000;
/** Time for the handshake of the socket, ms. */
export const OPENING_MS = 15_000;
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
  /** The room is resolved and the guest cookie is there. */
  | { type: "prepared" }
  | { type: "prepare_failed"; error: unknown }
  | { type: "socket_opened" }
  | { type: "socket_refused"; error: LiveError }
  | { type: "socket_closed"; error: LiveError }
  /** A batch of messages or the answer to enter-room was decoded. */
  | { type: "frame" }
  /** The server says that it will close. */
  | { type: "server_close"; reason: string }
  | { type: "over_claimed"; claim: EndClaim }
  /** HTTP's answer to `confirm_over`; `undefined` when it could not say. */
  | { type: "over_answered"; over: boolean | undefined }
  | { type: "timer"; name: TimerName }
  /** The caller ends the live: `error` is the reason of an abort, absent for a plain close. */
  | { type: "stop"; aborted?: { reason: unknown } };

/** What to do, in order. */
export type MachineCommand =
  | { type: "prepare" }
  | { type: "rotate_identity" }
  | { type: "open_socket" }
  | { type: "close_socket" }
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
}

const NOTHING: readonly MachineCommand[] = [];

/**
 * Drives one live. Feed it inputs with the time at which they happened and obey the commands in order.
 *
 * Invariants: no command follows `finish`; a socket exists only in `connecting` and `connected`; `emit_connected`
 * comes once for each socket; every `emit_gap` has `from` at or before `to`.
 */
export class ConnectionMachine {
  readonly #options: MachineOptions;
  #phase: LiveState = "idle";
  #socketOpen = false;
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
        return this.#onPrepared();
      case "prepare_failed":
        return this.#onPrepareFailed(input.error, nowMs);
      case "socket_opened":
        return this.#onOpened(nowMs);
      case "socket_refused":
        return this.#onRefused(input.error, nowMs);
      case "socket_closed":
        return this.#reconnect(input.error, "socket closed", "reconnect", nowMs);
      case "frame":
        return this.#onFirstFrame(nowMs);
      case "server_close":
        return this.#onServerClose(input.reason, nowMs);
      case "over_claimed":
        return this.#onClaim(input.claim);
      case "over_answered":
        return this.#onAnswer(input.over);
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

  #onPrepared(): void {
    if (this.#phase !== "resolving") return;
    this.#preparedOnce = true;
    // The room is on air, so a claim that it is over was wrong.
    this.#claim = undefined;
    this.#move("connecting", "room resolved");
    this.#do({ type: "open_socket" }, { type: "set_timer", name: "opening", delayMs: OPENING_MS });
  }

  #onPrepareFailed(error: unknown, nowMs: number): void {
    if (this.#phase !== "resolving") return;
    const code = isLiveError(error) ? error.code : undefined;
    if (this.#preparedOnce && code === "offline") return this.#end(this.#claim ?? "offline");
    if (!this.#preparedOnce) return this.#finish(`cannot resolve the room: ${code}`, { error });
    this.#reconnect(error, `cannot resolve the room: ${code}`, "reconnect", nowMs);
  }

  #onOpened(nowMs: number): void {
    if (this.#phase !== "connecting" || this.#socketOpen) return;
    this.#socketOpen = true;
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
    this.#move("connected", "first frame");
    this.#do({ type: "emit_connected" }, { type: "set_timer", name: "healthy", delayMs: HEALTHY_MS });
    if (this.#gap !== undefined) {
      this.#do({ type: "emit_gap", from: this.#gap.from, to: nowMs, reason: this.#gap.reason });
      this.#gap = undefined;
    }
  }

  #onRefused(error: LiveError, nowMs: number): void {
    if (error.code !== "device_blocked") {
      return this.#reconnect(error, `socket refused: ${error.code}`, "reconnect", nowMs);
    }
    if (this.#phase !== "connecting") return;
    if (this.#rotated || !this.#options.canRotate()) return this.#finish("device refused", { error });
    this.#rotated = true;
    this.#leaveSocket();
    this.#move("waiting", "device refused: a new identity is tried");
    this.#do({ type: "rotate_identity" }, { type: "set_timer", name: "retry", delayMs: ROTATE_MS });
  }

  #onServerClose(reason: string, nowMs: number): void {
    if (reason === "disable_web_direct") {
      const error = new LiveError(
        "signer_failed",
        "Stay on the direct socket: TikTok turned it off (disable_web_direct)",
        {
          remedy: "This room can only be reached with a signer",
          evidence: { excerpt: reason },
        },
      );
      return this.#finish("TikTok turned the direct socket off", { error });
    }
    const error = new LiveError("network", "Stay on the socket: TikTok closed it", { evidence: { excerpt: reason } });
    this.#reconnect(error, `closed by TikTok: ${reason}`, "reconnect", nowMs);
  }

  /** Gives up the socket and tries again after a while, or fails for good. */
  #reconnect(error: unknown, reason: string, gapReason: "reconnect" | "stale", nowMs: number): void {
    if (this.#phase !== "connecting" && this.#phase !== "connected" && this.#phase !== "resolving") return;
    if (this.#phase === "connected") this.#gap = { from: Math.min(this.#lastFrameAt, nowMs), reason: gapReason };
    this.#leaveSocket();
    const retryable = isLiveError(error) && error.retryable;
    if (!retryable || this.#reconnects >= RECONNECT_BUDGET) return this.#finish(reason, { error });
    const ceilingMs = Math.min(2 ** this.#reconnects * 1000, MAX_BACK_OFF_MS);
    const askedMs = isLiveError(error) ? error.retryAfterMs ?? 0 : 0;
    const delayMs = Math.max(Math.round(ceilingMs * (0.5 + this.#options.random() / 2)), askedMs);
    this.#reconnects++;
    this.#move("waiting", reason);
    this.#do({ type: "set_timer", name: "retry", delayMs });
  }

  #leaveSocket(): void {
    const hadSocket = this.#phase === "connecting" || this.#phase === "connected";
    this.#socketOpen = false;
    if (!hadSocket) return;
    this.#do({ type: "close_socket" });
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

  #onAnswer(over: boolean | undefined): void {
    if (this.#claim === undefined) return;
    if (over === true) return this.#end(this.#claim);
    // Without a socket the next resolve asks HTTP anyway.
    if (this.#phase !== "connected") return;
    const delayMs = CONFIRM_AGAIN_MS[this.#confirmTries++];
    if (delayMs === undefined) this.#claim = undefined;
    else this.#do({ type: "set_timer", name: "confirm", delayMs });
  }

  #onTimer(name: TimerName, nowMs: number): void {
    switch (name) {
      case "retry":
        if (this.#phase === "waiting") this.#prepare("trying again");
        return;
      case "opening": {
        if (this.#phase !== "connecting") return;
        const error = new LiveError("deadline", `Open the socket: no handshake within ${OPENING_MS} ms`);
        return this.#reconnect(error, "socket did not open in time", "reconnect", nowMs);
      }
      case "heartbeat":
        if (!this.#socketOpen) return;
        return this.#do({ type: "send_heartbeat" }, { type: "set_timer", name, delayMs: HEARTBEAT_MS });
      case "stale": {
        if (!this.#socketOpen) return;
        const leftMs = this.#lastFrameAt + STALE_MS - nowMs;
        if (leftMs > 0) return this.#do({ type: "set_timer", name, delayMs: leftMs });
        const error = new LiveError("deadline", `Listen to the room: nothing came within ${STALE_MS} ms`);
        return this.#reconnect(error, "stale", "stale", nowMs);
      }
      case "healthy":
        this.#reconnects = 0;
        this.#rotated = false;
        return;
      case "confirm":
        if (this.#claim !== undefined) this.#do({ type: "confirm_over" });
        return;
    }
  }
}
