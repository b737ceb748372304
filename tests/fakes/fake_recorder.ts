import type {
  EventLine,
  Recorder,
  RecorderEvent,
  RecorderResult,
  RecorderRun,
  RecordingJob,
} from "../../functions/ports/recorder.ts";
import type { Segment } from "../../functions/ports/recording_store.ts";

/** A run of {@link FakeRecorder}, which the test drives. */
export class FakeRun implements RecorderRun {
  readonly job: RecordingJob;
  readonly tell: (event: RecorderEvent) => void;
  readonly done: Promise<RecorderResult>;
  stopped = false;
  /** What a stop leads to. */
  onStop: () => void = () => this.end({ kind: "stopped" });
  #resolve: (result: RecorderResult) => void = () => {};
  #segments = 0;

  constructor(job: RecordingJob, tell: (event: RecorderEvent) => void) {
    this.job = job;
    this.tell = tell;
    this.done = new Promise((resolve) => this.#resolve = resolve);
  }

  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.onStop();
  }
  end(result: RecorderResult): void {
    this.#resolve(result);
  }
  started(startedAt: number): void {
    this.tell({ type: "started", folder: `${this.job.username}_${this.job.part}`, startedAt });
  }
  segment(): void {
    const index = this.#segments++;
    const segment: Omit<Segment, "part"> = {
      index,
      uri: `segment_${index}.m4s`,
      startAt: 1,
      durationMs: 6_000,
      bytes: 1_000,
      sha256: "00".repeat(32),
    };
    this.tell({ type: "segment", segment });
  }
  /** @param id message id; empty for none */
  chat(text: string, id = ""): void {
    const event: EventLine = { type: "chat", id, at: 1, diamonds: 0, json: JSON.stringify({ type: "chat", id, text }) };
    this.tell({ type: "event", event });
  }
}

/** A recorder that does nothing until the test says so. */
export class FakeRecorder implements Recorder {
  readonly runs: FakeRun[] = [];

  start(job: RecordingJob, tell: (event: RecorderEvent) => void): RecorderRun {
    const run = new FakeRun(job, tell);
    this.runs.push(run);
    return run;
  }

  /** The newest run. */
  last(): FakeRun {
    const run = this.runs.at(-1);
    if (run === undefined) throw new Error("Nothing was recorded");
    return run;
  }
}
