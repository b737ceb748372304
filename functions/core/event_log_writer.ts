import type { Clock } from "../ports/clock.ts";
import type { EventSpool } from "../ports/event_spool.ts";
import type { EventBatch, EventStore } from "../ports/event_store.ts";
import type { Logger } from "../ports/logger.ts";
import type { EventLine } from "../ports/recorder.ts";
import type { Recording } from "../ports/recording_store.ts";
import { idsOf, packEvents } from "./event_batches.ts";
import { KnownPeople } from "./event_people.ts";
import type { SerialWriter } from "./serial_writer.ts";

/** What an {@link EventLogWriter} works with. */
export interface EventLogDeps {
  store: EventStore;
  /** @default events are kept in memory only, as many as have room */
  spool?: EventSpool | undefined;
  clock: Clock;
  logger: Logger;
}

/** How an {@link EventLogWriter} works. */
export interface EventLogOptions {
  /** Events are stored as soon as so many have gathered. */
  flushEvents: number;
  /** Most events that wait for the store; the oldest of more are given up, which the log tells. @default 1000000 */
  spoolEvents?: number | undefined;
  /** Days after which the store may delete events, up to a day later. @default they stay */
  eventTtlDays?: number | undefined;
}

/** Newest events that are kept in memory, whether the store takes them or not; also the most of one flush. */
const MEMORY_EVENTS = 1_000;
const SPOOL_EVENTS = 1_000_000;
const DAY_MS = 86_400_000;
/** Batches of earlier recorders that are looked at for messages that come again: a minute of them. */
const RECENT_BATCHES = 30;
/** Looks for events on the disk that should be there, before they are given up. */
const SPOOL_TRIES = 5;

/**
 * Brings a recorder's events into the log, each once and in order. While the store is away the recorder's own file of
 * events is the queue, so memory stays bounded; what an earlier recorder left there goes in first. Each batch notes how
 * far it is in that file.
 */
export class EventLogWriter {
  readonly #deps: EventLogDeps;
  readonly #options: EventLogOptions;
  readonly #recording: Recording;
  readonly #queue: SerialWriter;
  /** The newest events that were told: at least those that are neither stored nor on the disk. */
  #tail: EventLine[] = [];
  /** Events that were told, and those of them that are dealt with. */
  #told = 0;
  #done = 0;
  #folder: string | undefined;
  #spooled: { at: number; lines: AsyncIterator<EventLine> } | undefined;
  #spoolMisses = 0;
  #flushing = false;
  #ended = false;
  #nextSeq = 0;
  /** Message ids of what was stored last: TikTok may send them again to a new connection. */
  #known: Set<string> = new Set();
  /** A recorder that takes over begins with nobody: to know more it would have to read the whole log. */
  #people = new KnownPeople();
  #expiresAt: number | undefined;
  #lastAt = 0;

  /**
   * @param recording as claimed
   * @param queue writes of the log, and of nothing else
   */
  constructor(deps: EventLogDeps, options: EventLogOptions, recording: Recording, queue: SerialWriter) {
    this.#deps = deps;
    this.#options = options;
    this.#recording = recording;
    this.#queue = queue;
    queue.push(() => this.#open());
  }

  /** Events that wait for the store. */
  get waiting(): number {
    return this.#told - this.#done;
  }

  /** The recorder writes into this folder. */
  begun(folder: string): void {
    this.#folder = folder;
  }

  /** Takes an event in. */
  take(line: EventLine): void {
    this.#tail.push(line);
    this.#told++;
    // Cut in large pieces: one by one each would move all others.
    if (this.#tail.length >= 2 * MEMORY_EVENTS) this.#tail.splice(0, this.#tail.length - MEMORY_EVENTS);
    if (this.waiting >= this.#options.flushEvents) this.flush();
  }

  /** Queues what has gathered. While a flush waits for the store, events gather on and go with the next one. */
  flush(): void {
    if (this.#flushing || this.waiting === 0) return;
    this.#flushing = true;
    let taken: { lines: EventLine[]; upTo: number } | undefined;
    let batches: EventBatch[] | undefined;
    this.#queue.push(async () => {
      taken ??= await this.#take();
      batches ??= await this.#pack(taken.lines, this.#recording.leaseToken, taken.upTo);
      await this.#append(batches);
      this.#done = taken.upTo;
      const stored = this.#tail.length - this.waiting;
      if (stored > 0) this.#tail.splice(0, stored);
      this.#flushing = false;
      if (this.#ended || this.waiting >= this.#options.flushEvents) this.flush();
    });
  }

  /** No more events come: all that wait are stored one after the other. */
  end(): void {
    this.#ended = true;
    this.flush();
  }

  /** Takes the log over, and brings in what earlier recorders of this machine left on the disk. */
  async #open(): Promise<void> {
    const { store, spool, clock, logger } = this.#deps;
    const { id: recordingId, leaseToken: token, parts } = this.#recording;
    this.#nextSeq = await store.openEvents({ recordingId, token }, clock.now());
    const after = Math.max(0, this.#nextSeq - 1 - RECENT_BATCHES);
    const recent = await store.listEvents(recordingId, { after, limit: RECENT_BATCHES });
    this.#known = await idsOf(recent);
    // A failed try may have told this about batches that were never stored.
    this.#people = new KnownPeople();
    const place = after === 0 && recent.every(({ count }) => count === 0) ? { part: 0, line: 0 } : lastPlace(recent);
    if (spool === undefined || place === undefined) return;
    for (const { part, folder } of parts) {
      if (part < place.part || part >= token) continue;
      let line = part === place.part ? place.line : 0;
      let lines: EventLine[] = [];
      const bringIn = async () => {
        await this.#append(await this.#pack(lines, part, line));
        for (const { id } of lines) if (id !== "") this.#known.add(id);
        if (lines.length > 0) logger.warn("events_taken_up_again", { recordingId, part, events: lines.length });
        lines = [];
      };
      for await (const each of spool.read(folder, line)) {
        lines.push(each);
        line++;
        if (lines.length === MEMORY_EVENTS) await bringIn();
      }
      await bringIn();
    }
  }

  async #pack(lines: readonly EventLine[], part: number, upTo: number): Promise<EventBatch[]> {
    const unknown = lines.filter(({ id }) => !this.#known.has(id));
    if (unknown.length === 0) return [];
    const { id: recordingId, leaseToken: token } = this.#recording;
    const ttl = this.#ttl();
    const batches = await packEvents(unknown, { recordingId, seq: this.#nextSeq, token }, this.#people);
    // Of several batches only the last one is so far: after a crash between them, those before are known by their ids.
    return batches.map((batch, i) => ({
      ...batch,
      ...ttl,
      ...i === batches.length - 1 && { upTo: `${part}-${upTo}` },
    }));
  }

  /** Batches of a day go at the same time, and tell about people anew: no reference leads to what is gone before. */
  #ttl(): Pick<EventBatch, "expiresAt"> {
    const { eventTtlDays } = this.#options;
    if (eventTtlDays === undefined) return {};
    const expiresAt = (Math.floor(this.#deps.clock.now() / DAY_MS) + 1 + eventTtlDays) * DAY_MS;
    if (expiresAt !== this.#expiresAt) this.#people = new KnownPeople();
    this.#expiresAt = expiresAt;
    return { expiresAt };
  }

  async #append(batches: readonly EventBatch[]): Promise<void> {
    for (const batch of batches) {
      await this.#deps.store.appendEvents(batch);
      this.#nextSeq = batch.seq + 1;
      this.#lastAt = batch.lastAt;
    }
  }

  /** The events that are next, from memory or from the disk. */
  async #take(): Promise<{ lines: EventLine[]; upTo: number }> {
    const most = this.#options.spoolEvents ?? SPOOL_EVENTS;
    if (this.waiting > most) return this.#giveUp(this.#told - most);
    const inMemory = this.#told - this.#tail.length;
    if (this.#done >= inMemory) {
      const from = this.#done - inMemory;
      const lines = this.#tail.slice(from, from + MEMORY_EVENTS);
      return { lines, upTo: this.#done + lines.length };
    }
    const lines = await this.#readSpool(Math.min(inMemory - this.#done, MEMORY_EVENTS));
    if (lines.length > 0) {
      this.#spoolMisses = 0;
      return { lines, upTo: this.#done + lines.length };
    }
    if (this.#deps.spool !== undefined && ++this.#spoolMisses < SPOOL_TRIES) {
      throw new Error(`Read events of ${this.#folder}: they are not on the disk yet`);
    }
    return this.#giveUp(inMemory);
  }

  async #readSpool(most: number): Promise<EventLine[]> {
    const { spool } = this.#deps;
    if (spool === undefined || this.#folder === undefined) return [];
    const { at, lines: source } = this.#spooled?.at === this.#done
      ? this.#spooled
      : { at: this.#done, lines: spool.read(this.#folder, this.#done)[Symbol.asyncIterator]() };
    const lines: EventLine[] = [];
    this.#spooled = undefined;
    while (lines.length < most) {
      const next = await source.next();
      if (next.done) return lines;
      lines.push(next.value);
    }
    const inMemory = this.#told - this.#tail.length;
    if (at + lines.length < inMemory) this.#spooled = { at: at + lines.length, lines: source };
    else await source.return?.();
    return lines;
  }

  /** Passes over events that are lost to the log, and tells so in their place. */
  async #giveUp(upTo: number): Promise<{ lines: EventLine[]; upTo: number }> {
    await this.#spooled?.lines.return?.();
    this.#spooled = undefined;
    this.#spoolMisses = 0;
    const { clock, logger } = this.#deps;
    const { id: recordingId, username } = this.#recording;
    const dropped = upTo - this.#done;
    const at = clock.now();
    logger.error("events_lost", { recordingId, username, events: dropped, folder: this.#folder });
    const head = { type: "gap", id: "", roomId: recordingId, at, receivedAt: at, history: false };
    const json = JSON.stringify({ ...head, from: this.#lastAt, to: at, reason: "store_away", dropped });
    return { lines: [{ type: "gap", id: "", at, diamonds: 0, json }], upTo };
  }
}

/** How far the newest batch that tells it is: which part, and how many of its events. */
function lastPlace(batches: readonly EventBatch[]): { part: number; line: number } | undefined {
  const upTo = batches.findLast((batch) => batch.upTo !== undefined)?.upTo;
  const [, part, line] = /^(\d+)-(\d+)$/.exec(upTo ?? "") ?? [];
  return part === undefined ? undefined : { part: Number(part), line: Number(line) };
}
