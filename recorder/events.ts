/**
 * The events half of a recording: listens, writes `events.jsonl`, and listens again when the socket is lost for good.
 * @module
 */
import { appendFile } from "node:fs/promises";
import type { Clock, LiveEvent } from "@roomtone/sdk";
import { sleep } from "./sleep.ts";

/** File name of the events. */
export const EVENTS = "events.jsonl";
const FLUSH_MS = 1_000;
const FLUSH_CHARACTERS = 1024 * 1024;
/** Waits before a lost live is listened to again, ms; the last one repeats. */
const BACK_OFF_MS: readonly number[] = [5_000, 15_000, 30_000, 60_000];
/** Message ids that are remembered over a new start: the server repeats the last ones. */
const REMEMBERED_IDS = 20_000;

/** Appends lines to a file, at most a second after they came. */
export class EventLog {
  readonly countsByType: Record<string, number> = {};
  readonly #path: string;
  readonly #clock: Clock;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #timer: unknown;
  #writing: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Lines so far. */
  get count(): number {
    return Object.values(this.countsByType).reduce((sum, count) => sum + count, 0);
  }

  /** @throws what the disk said about lines before */
  add(event: LiveEvent): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    const line = `${JSON.stringify(event)}\n`;
    this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    this.countsByType[event.type] = (this.countsByType[event.type] ?? 0) + 1;
    if (this.#waitingCharacters >= FLUSH_CHARACTERS) this.#flush();
    else this.#timer ??= this.#clock.setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** Writes what is left. @throws what the disk said */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #flush(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const text = this.#waiting.join("");
    this.#waiting = [];
    this.#waitingCharacters = 0;
    this.#writing = this.#writing.then(async () => {
      if (this.#failure === undefined) await appendFile(this.#path, text);
    }).catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }
}

/** How the events half ended. */
export type EventsOutcome = { kind: "over" } | { kind: "stopped" } | { kind: "failed"; error: unknown };

/** A live as far as this half needs it. */
export type ListenedLive = AsyncIterable<LiveEvent> & { close(): void };

/** Options of {@link recordEvents}. */
export interface EventsHalfOptions {
  /** Starts to listen to the room. */
  open: () => ListenedLive;
  /** Whether the live is over, by HTTP. */
  confirmOver: (signal: AbortSignal) => Promise<boolean>;
  log: EventLog;
  clock: Clock;
  onEvent: (event: LiveEvent) => void;
  /** The socket is lost for now. */
  onProblem: (error: unknown) => void;
}

/**
 * Listens until the live is over or `stop` is aborted. Never fails.
 * @param over aborted when the live is known to be over: a lost socket is then not opened again
 */
export async function recordEvents(
  options: EventsHalfOptions,
  stop: AbortSignal,
  over: AbortSignal,
): Promise<EventsOutcome> {
  const { open, clock, onProblem } = options;
  const seenBefore = new Set<string>();
  const either = AbortSignal.any([stop, over]);
  for (let tries = 0; !stop.aborted; tries++) {
    const heard = await listen(options, open(), seenBefore, stop);
    if ("diskError" in heard) return { kind: "failed", error: heard.diskError };
    if (heard.connected) tries = 0;
    if (stop.aborted) break;
    if ("error" in heard) onProblem(heard.error);
    else if (over.aborted || await confirmed(options, stop)) return { kind: "over" };
    if (!over.aborted) await sleep(clock, BACK_OFF_MS[Math.min(tries, BACK_OFF_MS.length - 1)] ?? 0, either);
    if (over.aborted) return { kind: "over" };
  }
  return { kind: "stopped" };
}

async function confirmed({ confirmOver }: EventsHalfOptions, signal: AbortSignal): Promise<boolean> {
  try {
    return await confirmOver(signal);
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

type Heard = { connected: boolean } & ({ error: unknown } | { diskError: unknown } | { ended: true });

/** Takes in one live, to its end or its failure. */
async function listen(
  { log, onEvent }: EventsHalfOptions,
  live: ListenedLive,
  seenBefore: Set<string>,
  stop: AbortSignal,
): Promise<Heard> {
  const ids = new Set<string>();
  const close = () => live.close();
  stop.addEventListener("abort", close, { once: true });
  let connected = false;
  try {
    for await (const event of live) {
      // Within one live the SDK has dropped what came twice.
      if (event.id !== "" && seenBefore.has(event.id)) continue;
      ids.add(event.id);
      if (event.type === "connected") connected = true;
      try {
        log.add(event);
      } catch (diskError) {
        return { connected, diskError };
      }
      onEvent(event);
    }
    return { connected, ended: true };
  } catch (error) {
    return { connected, error };
  } finally {
    stop.removeEventListener("abort", close);
    for (const id of ids) seenBefore.add(id);
    for (const id of seenBefore) {
      if (seenBefore.size <= REMEMBERED_IDS) break;
      seenBefore.delete(id);
    }
  }
}
