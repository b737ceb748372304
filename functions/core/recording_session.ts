import { LeaseLostError } from "../contract/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventSpool } from "../ports/event_spool.ts";
import type { EventStore } from "../ports/event_store.ts";
import type { Logger } from "../ports/logger.ts";
import type { Observer } from "../ports/observer.ts";
import type { Recorder, RecorderEvent, RecorderResult, RecorderRun } from "../ports/recorder.ts";
import type { Lease, Recording, RecordingOutcome, RecordingStore } from "../ports/recording_store.ts";
import { alertsOfEnd, liveStarted, type RaiseAlerts } from "./alerts.ts";
import { EventLogWriter } from "./event_log_writer.ts";
import { logRoom } from "./room_lines.ts";
import { SerialWriter } from "./serial_writer.ts";
import { backOffMs, waited } from "./waiting.ts";

/** What a recording works with. */
export interface SessionDeps {
  store: RecordingStore & EventStore;
  recorder: Recorder;
  /** Where recorders keep events while the store is away. @default they are kept in memory, as many as have room */
  spool?: EventSpool;
  clock: Clock;
  logger: Logger;
  observe?: Observer;
  /** @default nobody is told */
  raise?: RaiseAlerts | undefined;
}

/** How a recording works. */
export interface SessionOptions {
  /** How long the lease holds without a renewal, ms. It is renewed three times as often. */
  leaseMs: number;
  /** Events are stored after this time, ms, ... */
  flushMs: number;
  /** ... or as soon as so many have gathered. */
  flushEvents: number;
  /** Most events of a recording that wait for the store, see {@link EventLogWriter}. */
  spoolEvents?: number | undefined;
  /** Days after which the store may delete events, see {@link EventLogWriter}. */
  eventTtlDays?: number | undefined;
}

/** First and longest time before a recording is tried again, ms. */
const RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
/** Time before a failed renewal is tried again, ms. */
const RENEWAL_RETRY_MS = 1_000;
/** Failures in a row, without one segment in between, after which a recording is given up. */
const MOST_FAILURES = 10;

/**
 * One claimed recording, from the claim to its end or to its hand-over. Video and events have a writer each: trouble in
 * one does not hold the other up.
 */
export class RecordingSession {
  /** Resolves when the recording is finished, handed over or lost. Never rejects. */
  readonly done: Promise<void>;
  readonly #deps: SessionDeps;
  readonly #options: SessionOptions;
  readonly #recording: Recording;
  readonly #lease: Lease;
  readonly #rows: SerialWriter;
  readonly #log: SerialWriter;
  readonly #over = new AbortController();
  readonly #run: RecorderRun;
  readonly #events: EventLogWriter;
  #segments = 0;
  #startedAt: number | undefined;
  #lost = false;
  /** Somebody asked for the end of the recording: it is finished, not handed over. */
  #unwanted = false;
  #leaseUntil: number;

  /** @param recording as claimed */
  constructor(deps: SessionDeps, options: SessionOptions, recording: Recording) {
    this.#deps = deps;
    this.#options = options;
    this.#recording = recording;
    this.#lease = { recordingId: recording.id, token: recording.leaseToken };
    const writer = {
      clock: deps.clock,
      logger: deps.logger,
      recordingId: recording.id,
      onLeaseLost: () => this.#lose(),
    };
    this.#leaseUntil = recording.dueAt ?? deps.clock.now();
    this.#rows = new SerialWriter(writer);
    this.#log = new SerialWriter(writer);
    this.#events = new EventLogWriter(deps, options, recording, this.#log);
    const { id, username, leaseToken, quality } = recording;
    const job = { recordingId: id, roomId: id, username, part: leaseToken, quality };
    this.#run = deps.recorder.start(job, (event) => this.#take(event));
    this.done = this.#live();
    if (recording.stopAt !== undefined) this.finish();
  }

  get recordingId(): string {
    return this.#recording.id;
  }

  /** Events that wait for the store. */
  get waitingEvents(): number {
    return this.#events.waiting;
  }

  /** Whether the lease has run out, as far as this session knows: anybody may claim the recording. */
  overdue(): boolean {
    return this.#deps.clock.now() >= this.#leaseUntil;
  }

  /** Asks the recorder for a clean end; then the recording is handed over. */
  stop(): void {
    this.#run.stop();
  }

  /** Asks the recorder for a clean end; then the recording is finished: somebody asked for that. */
  finish(): void {
    this.#unwanted = true;
    this.#run.stop();
  }

  /** Gives up everything that is not stored yet. The lease runs out by itself. */
  abandon(): void {
    this.#rows.abandon();
    this.#log.abandon();
    this.#over.abort();
  }

  async #live(): Promise<void> {
    const { logger, observe } = this.#deps;
    const { id, username } = this.#recording;
    const timers = [this.#renew(), this.#flushByTime()];
    const result = await this.#run.done;
    observe?.({
      kind: "recording_stopped",
      recordingId: id,
      username,
      reason: this.#lost ? "lease_lost" : result.kind,
    });
    this.#events.end();
    await Promise.all([this.#rows.drained(), this.#log.drained()]);
    if (this.#events.waiting > 0) {
      logger.error("events_not_stored", { recordingId: id, username, events: this.#events.waiting });
    }
    const outcome = this.#conclude(result);
    await this.#rows.drained();
    this.#over.abort();
    await Promise.all(timers);
    if (this.#lost) {
      logger.warn("lease_lost", { recordingId: id, username, token: this.#lease.token });
      return;
    }
    logger.info(outcome === undefined ? "recording_released" : "recording_finished", {
      recordingId: id,
      username,
      result,
      segments: this.#segments,
    });
    if (outcome !== undefined) observe?.({ kind: "recording_finished", recordingId: id, username, outcome });
  }

  /** Queues the last write. @returns how the recording ended; `undefined` when another try is to follow */
  #conclude(result: RecorderResult): RecordingOutcome | undefined {
    const { store, clock } = this.#deps;
    const now = clock.now();
    const failures = (this.#segments > 0 ? 0 : this.#recording.failures) + 1;
    if (result.kind === "stopped" && !this.#unwanted) {
      this.#rows.push(() => store.releaseRecording(this.#lease, { dueAt: now, failures: 0 }));
      return undefined;
    }
    if (result.kind === "failed" && result.retryable && failures < MOST_FAILURES && !this.#unwanted) {
      const dueAt = now + backOffMs(RETRY_MS, failures, LONGEST_RETRY_MS);
      this.#rows.push(() => store.releaseRecording(this.#lease, { dueAt, failures }));
      return undefined;
    }
    const outcome: RecordingOutcome = result.kind === "failed"
      ? { kind: "failed", code: result.code, detail: result.detail }
      : { kind: result.kind };
    this.#tell(outcome, result.endedAt ?? now);
    this.#rows.push(() => store.finishRecording(this.#lease, { endedAt: result.endedAt ?? now, outcome }));
    return outcome;
  }

  /** Queues what is told of an end, before it is noted: afterwards nobody would come back to it. */
  #tell(outcome: RecordingOutcome, at: number): void {
    const { store, clock, raise } = this.#deps;
    const recording = this.#recording;
    const alerts = alertsOfEnd(recording, outcome, { startedAt: recording.startedAt ?? this.#startedAt, at });
    if (raise === undefined || alerts.length === 0) return;
    this.#rows.push(async () => {
      // Who lost the lease does not know how the recording goes on.
      await store.renewLease(this.#lease, { now: clock.now(), leaseMs: this.#options.leaseMs });
      await raise(alerts);
    });
  }

  #take(event: RecorderEvent): void {
    const { store, logger, observe, raise } = this.#deps;
    const { id, username, leaseToken } = this.#recording;
    const of = { recordingId: id, username };
    switch (event.type) {
      case "started": {
        const { folder, startedAt } = event;
        this.#events.begun(folder);
        this.#startedAt ??= startedAt;
        this.#rows.push(() => store.addPart(this.#lease, { folder, startedAt }));
        if (raise !== undefined) this.#rows.push(() => raise([liveStarted(this.#recording, startedAt)]));
        logger.info("recording_started", { ...of, part: leaseToken, folder });
        observe?.({ kind: "recording_started", ...of, part: leaseToken, folder });
        return;
      }
      case "quality": {
        const { quality } = event;
        this.#rows.push(() => store.noteQuality(this.#lease, quality));
        logger.info("recording_quality", { ...of, part: leaseToken, asked: this.#recording.quality, quality });
        return;
      }
      case "segment":
        this.#segments++;
        this.#rows.push(() => store.addSegment(this.#lease, { ...event.segment, part: leaseToken }));
        return;
      case "event":
        this.#events.take(event.event);
        logRoom(logger, of, event.event);
        observe?.({ kind: "event", ...of, event: event.event });
        return;
      case "gap":
        logger.warn("recording_gap", { ...of, ...event.data });
        observe?.({ kind: "gap", ...of, data: event.data });
        return;
      case "progress":
        observe?.({ kind: "progress", ...of, data: event.data });
    }
  }

  async #flushByTime(): Promise<void> {
    while (await waited(this.#deps.clock, this.#options.flushMs, this.#over.signal)) this.#events.flush();
  }

  async #renew(): Promise<void> {
    const { clock, store, logger } = this.#deps;
    const { leaseMs } = this.#options;
    let waitMs = leaseMs / 3;
    while (await waited(clock, waitMs, this.#over.signal)) {
      const now = clock.now();
      try {
        const { stopAt, quality } = await store.renewLease(this.#lease, { now, leaseMs });
        if (stopAt !== undefined && !this.#unwanted) this.finish();
        // It is handed over: whoever claims it, this pool as a rule, records on in the quality that is asked for now.
        else if (quality !== this.#recording.quality) this.stop();
        this.#leaseUntil = now + leaseMs;
        waitMs = leaseMs / 3;
      } catch (error) {
        if (error instanceof LeaseLostError) return this.#lose();
        // The recording goes on: until somebody else claims it, its writes are let through.
        logger.warn("lease_renewal_failed", { recordingId: this.#recording.id, error });
        waitMs = Math.min(leaseMs / 3, RENEWAL_RETRY_MS);
      }
    }
  }

  #lose(): void {
    this.#lost = true;
    this.#rows.abandon();
    this.#log.abandon();
    this.#run.stop();
  }
}
