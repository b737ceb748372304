/**
 * A small world for tests of pollers and recorders together: hosts with a schedule, machines whose clocks differ, whose
 * store fails and which are killed, and a recorder that notes all that it tells.
 * @module
 */
import type { Clock } from "../../functions/ports/clock.ts";
import type { Recorder, RecorderEvent, RecorderRun, RecordingJob } from "../../functions/ports/recorder.ts";
import type { Random } from "../standin/prng.ts";
import { turn } from "./manual_clock.ts";

/** A span of time, ms: from `from` to just before `to`. */
export interface Span {
  from: number;
  to: number;
}

/** A time on air. A host who comes back soon is in the same room. */
export interface OnAir extends Span {
  username: string;
  roomId: string;
}

/** A time in which a room's stream brings nothing to its recorder. */
export interface Hole extends Span {
  roomId: string;
  reason: "stalled" | "paused";
}

const within = (now: number, { from, to }: Span): boolean => from <= now && now < to;

/** Whether a time lies in one of the spans. */
export function anyAt(spans: readonly Span[], now: number): boolean {
  return spans.some((span) => within(now, span));
}

/** A room says something this often, ms. */
export const MESSAGE_MS = 2_000;

/** Where everybody is, and what is said there. */
export class Air {
  readonly times: OnAir[] = [];
  readonly holes: Hole[] = [];

  at(now: number, username: string): OnAir | undefined {
    return this.times.find((each) => each.username === username && within(now, each));
  }

  isOn(now: number, roomId: string): boolean {
    return this.times.some((each) => each.roomId === roomId && within(now, each));
  }

  /** When a room was last on air, up to now. */
  lastOn(now: number, roomId: string): number {
    const times = this.times.filter((each) => each.roomId === roomId && each.from <= now);
    return Math.max(...times.map(({ to }) => Math.min(now, to)));
  }

  hole(now: number, roomId: string): Hole | undefined {
    return this.holes.find((each) => each.roomId === roomId && within(now, each));
  }

  /** What a room says after `from`, up to `to`. */
  messages(roomId: string, from: number, to: number): { id: string; at: number }[] {
    const times = this.times.filter((each) => each.roomId === roomId);
    const begunAt = Math.min(...times.map((each) => each.from));
    const messages: { id: string; at: number }[] = [];
    for (let n = Math.max(0, Math.floor((from - begunAt) / MESSAGE_MS) + 1);; n++) {
      const at = begunAt + n * MESSAGE_MS;
      if (!(at <= to)) return messages;
      if (anyAt(times, at)) messages.push({ id: `${roomId}-${n}`, at });
    }
  }
}

/** Calls that have not come back. */
export class OpenCalls {
  #open = 0;
  #waiting: (() => void)[] = [];

  async track<T>(call: () => Promise<T>): Promise<T> {
    this.#open++;
    try {
      return await call();
    } finally {
      if (--this.#open === 0) { for (const resolve of this.#waiting.splice(0)) resolve(); }
    }
  }

  /** Resolves when there are none, and what comes of them makes no more. */
  async settled(): Promise<void> {
    for (let calm = 0; calm < 3; calm++) {
      await turn();
      if (this.#open === 0) continue;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      calm = -1;
    }
  }
}

/** What a {@link Machine} is made of. */
export interface MachineOptions {
  name: string;
  clock: Clock;
  /** How far its clock is ahead, ms. */
  skewMs: number;
  /** When it does not reach the store. */
  away: readonly (readonly Span[])[];
  /** When the store refuses some of its calls, and the answers of some that it did get lost. */
  throttled: readonly Span[];
  random: Random;
  calls: OpenCalls;
}

const REFUSED = 0.3;
const ANSWER_LOST = 0.1;

/** A machine: a clock that may be wrong, a way to the store that may fail, and its death. */
export class Machine {
  readonly name: string;
  readonly clock: Clock;
  dead = false;
  readonly #of: MachineOptions;

  constructor(of: MachineOptions) {
    this.name = of.name;
    this.#of = of;
    const { skewMs } = of;
    this.clock = {
      now: () => of.clock.now() + skewMs,
      sleep: (ms, signal) => of.clock.sleep(ms, signal),
    };
  }

  /** The store as this machine sees it. A dead one waits for ever. */
  reach<S extends object>(store: S): S {
    const { clock, away, throttled, random, calls } = this.#of;
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          if (this.dead) return await new Promise(() => {});
          const now = clock.now();
          if (away.some((spans) => anyAt(spans, now))) {
            throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
          }
          const busy = anyAt(throttled, now);
          if (busy && random.chance(REFUSED)) throw throttledError();
          const result: unknown = await calls.track(async () => await Reflect.apply(value, target, args));
          if (this.dead) return await new Promise(() => {});
          if (busy && random.chance(ANSWER_LOST)) throw new Error("socket hang up");
          return result;
        };
      },
    });
  }
}

function throttledError(): Error {
  const error = new Error("The level of configured provisioned throughput for the table was exceeded");
  error.name = "ProvisionedThroughputExceededException";
  return error;
}

/** What a run told, for the recount. */
export interface ToldRun extends Span {
  job: RecordingJob;
  machine: Machine;
  /** Numbers of segments, and ids of events. */
  segments: number[];
  events: string[];
  gaps: Span[];
  /** It tells no more: it ended, or its machine is dead. {@link ToldRun.to} is when. */
  over: boolean;
}

const SEGMENT_MS = 6_000;
/** TikTok says the last things again to who comes. */
const HISTORY_MS = 10_000;
/** Time without a live after which a run believes that it is over. */
const QUIET_MS = 10_000;

/** A recorder on a machine. {@link ModelRecorder.step} lets time pass for its runs. */
export class ModelRecorder implements Recorder {
  readonly #air: Air;
  readonly #clock: Clock;
  readonly #machine: Machine;
  readonly #all: ToldRun[];
  readonly #steps = new Set<(now: number) => void>();

  /** @param all gathers the runs of all recorders */
  constructor(air: Air, clock: Clock, machine: Machine, all: ToldRun[]) {
    this.#air = air;
    this.#clock = clock;
    this.#machine = machine;
    this.#all = all;
  }

  start(job: RecordingJob, tell: (event: RecorderEvent) => void): RecorderRun {
    const { roomId, username, part } = job;
    const startedAt = this.#clock.now();
    const told: ToldRun = {
      ...{ job, machine: this.#machine, segments: [], events: [], gaps: [], over: false },
      ...{ from: startedAt, to: Infinity },
    };
    this.#all.push(told);
    const done = Promise.withResolvers<Awaited<RecorderRun["done"]>>();
    tell({ type: "started", folder: `${username}/${roomId}_${part}`, startedAt });
    let segmentAt: number | undefined;
    let heardAt = startedAt - HISTORY_MS;
    let lack: Hole | undefined;
    const close = (now: number) => {
      if (lack !== undefined) {
        const { from, reason } = lack;
        told.gaps.push({ from, to: now });
        tell({ type: "gap", data: { reason, fromMs: from, toMs: now, missingMs: now - from } });
        lack = undefined;
      }
      const startAt = segmentAt;
      segmentAt = undefined;
      if (startAt === undefined || startAt >= now) return;
      const index = told.segments.length;
      told.segments.push(index);
      const uri = `segment_${index}.m4s`;
      const segment = { index, uri, startAt, durationMs: now - startAt, bytes: 1_000, sha256: "00".repeat(32) };
      tell({ type: "segment", segment });
    };
    const leave = (now: number) => {
      told.over = true;
      told.to = now;
      this.#steps.delete(step);
    };
    const end = (kind: "ended" | "stopped") => {
      if (told.over) return;
      const now = this.#clock.now();
      hear(now);
      close(this.#air.lastOn(now, roomId));
      leave(now);
      done.resolve({ kind });
    };
    const hear = (now: number) => {
      for (const { id, at } of this.#air.messages(roomId, heardAt, now)) {
        told.events.push(id);
        const json = JSON.stringify({ type: "chat", id });
        tell({ type: "event", event: { type: "chat", id, at, diamonds: 0, json } });
      }
      heardAt = now;
    };
    const step = (now: number) => {
      if (this.#machine.dead) return leave(now);
      hear(now);
      const lastOn = this.#air.lastOn(now, roomId);
      if (lastOn < now) {
        close(lastOn);
        if (now - lastOn >= QUIET_MS) end("ended");
        return;
      }
      const hole = this.#air.hole(now, roomId);
      if (hole !== undefined && lack === undefined) {
        close(now);
        lack = { ...hole, from: now };
      }
      if (hole !== undefined) return;
      if (lack !== undefined || (segmentAt !== undefined && now - segmentAt >= SEGMENT_MS)) close(now);
      segmentAt ??= now;
    };
    this.#steps.add(step);
    step(startedAt);
    return { done: done.promise, stop: () => end("stopped") };
  }

  step(now: number): void {
    for (const each of [...this.#steps]) each(now);
  }
}
