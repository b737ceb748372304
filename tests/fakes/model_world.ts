/**
 * A small world for tests of pollers and recorders together: hosts with a schedule, machines whose clocks differ, whose
 * store fails and which are killed, and a recorder that notes all that it tells.
 * @module
 */
import type { Clock } from "../../functions/ports/clock.ts";
import type { Recorder, RecorderEvent, RecorderRun, RecordingJob } from "../../functions/ports/recorder.ts";
import type { Random } from "../standin/prng.ts";

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

const within = (now: number, { from, to }: Span): boolean => from <= now && now < to;

/** Whether a time lies in one of the spans. */
export function anyAt(spans: readonly Span[], now: number): boolean {
  return spans.some((span) => within(now, span));
}

/** Where everybody is. */
export class Air {
  readonly times: OnAir[];

  constructor(times: OnAir[]) {
    this.times = times;
  }

  at(now: number, username: string): OnAir | undefined {
    return this.times.find((each) => each.username === username && within(now, each));
  }

  isOn(now: number, roomId: string): boolean {
    return this.times.some((each) => each.roomId === roomId && within(now, each));
  }
}

/** A machine: a clock that may be wrong, a way to the store that may fail, and its death. */
export class Machine {
  readonly name: string;
  readonly clock: Clock;
  dead = false;
  readonly #true: Clock;
  readonly #away: readonly Span[];
  readonly #throttled: readonly Span[];
  readonly #random: Random;

  constructor(of: { name: string; clock: Clock; skewMs: number; away: Span[]; throttled: Span[]; random: Random }) {
    this.name = of.name;
    this.#true = of.clock;
    this.#away = of.away;
    this.#throttled = of.throttled;
    this.#random = of.random;
    const { skewMs } = of;
    this.clock = {
      now: () => of.clock.now() + skewMs,
      sleep: (ms, signal) => of.clock.sleep(ms, signal),
    };
  }

  /** The store as this machine sees it. A dead one waits for ever. */
  reach<S extends object>(store: S): S {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return async (...args: unknown[]): Promise<unknown> => {
          if (this.dead) return await new Promise(() => {});
          const now = this.#true.now();
          if (anyAt(this.#away, now)) throw new Error("the store is away");
          if (anyAt(this.#throttled, now) && this.#random.chance(0.3)) throw new Error("the store is throttled");
          const result: unknown = await Reflect.apply(value, target, args);
          return this.dead ? await new Promise(() => {}) : result;
        };
      },
    });
  }
}

/** What a run told, for the recount. */
export interface ToldRun {
  job: RecordingJob;
  machine: Machine;
  /** Numbers of segments, and ids of events. */
  segments: number[];
  events: string[];
  /** It tells no more: it ended, or its machine is dead. */
  over: boolean;
}

const SEGMENT_MS = 6_000;
const EVENT_MS = 2_000;
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
    const told: ToldRun = { job, machine: this.#machine, segments: [], events: [], over: false };
    this.#all.push(told);
    const done = Promise.withResolvers<Awaited<RecorderRun["done"]>>();
    const startedAt = this.#clock.now();
    tell({ type: "started", folder: `${job.username}/${job.roomId}_${job.part}`, startedAt });
    let segmentAt = startedAt;
    let eventAt = startedAt;
    let seenAt = startedAt;
    const end = (kind: "ended" | "stopped") => {
      if (told.over) return;
      told.over = true;
      this.#steps.delete(step);
      done.resolve({ kind });
    };
    const step = (now: number) => {
      if (this.#machine.dead) {
        told.over = true;
        this.#steps.delete(step);
        return;
      }
      if (!this.#air.isOn(now, job.roomId)) {
        if (now - seenAt >= QUIET_MS) end("ended");
        return;
      }
      seenAt = now;
      if (now - eventAt >= EVENT_MS) {
        eventAt = now;
        const id = `${job.roomId}-${job.part}-${told.events.length}`;
        told.events.push(id);
        const json = JSON.stringify({ type: "chat", id });
        tell({ type: "event", event: { type: "chat", id, at: now, diamonds: 0, json } });
      }
      if (now - segmentAt < SEGMENT_MS) return;
      const index = told.segments.length;
      told.segments.push(index);
      tell({
        type: "segment",
        segment: {
          ...{ index, uri: `segment_${index}.m4s`, startAt: segmentAt, durationMs: now - segmentAt, bytes: 1_000 },
          sha256: "00".repeat(32),
        },
      });
      segmentAt = now;
    };
    this.#steps.add(step);
    return { done: done.promise, stop: () => end("stopped") };
  }

  step(now: number): void {
    for (const each of [...this.#steps]) each(now);
  }
}
