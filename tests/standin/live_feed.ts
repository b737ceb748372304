/**
 * The messages of one live, in order, and who has received them. Every message goes out exactly once per room; those
 * that a broken socket did not acknowledge go to the next one again, under the same id.
 * @module
 */
import { encodeMessage } from "@roomtone/sdk/testing";
import type { MessageGenerator, PlannedMessage } from "./generator.ts";

/** A message as a captures file holds it. */
export interface CapturedMessage {
  method: string;
  payload: Uint8Array;
}

/** A message of the room. */
export interface FeedEntry {
  /** Envelope id; empty for messages without one. */
  readonly id: string;
  readonly method: string;
  payload: Uint8Array;
  readonly origin: "generated" | "captured" | "injected";
  /** How many sockets it was written to, as a live message. */
  writes: number;
  acked: boolean;
}

/** A client's place in the feed. */
export interface FeedCursor {
  /** The guest cookie that it came with: the same client resumes where it stopped. */
  readonly client: string;
  /** Index of the next entry to write. */
  next: number;
  /** Every entry below this index is acknowledged. */
  acked: number;
  open: boolean;
}

/** Counts for tests. A message counts as sent when it was written to at least one socket. */
export interface FeedStats {
  /** Messages written at least once, by method. */
  sentByMethod: Record<string, number>;
  sent: number;
  /** Ids of those, in order of the first write; messages without an id are not here. */
  ids: string[];
  /** Ids that were written as history; those of the running live's chats are in `ids` too. */
  historyIds: string[];
  acked: number;
  /** Of the captures file: how many there are, were written, were acknowledged. */
  captured: { total: number; sent: number; acked: number };
}

const KEPT_PAYLOADS = 200;
const HISTORY_KEPT = 30;
const EMPTY = new Uint8Array(0);

/** What a feed is made of. */
export interface FeedOptions {
  roomId: string;
  now(): number;
  /** Time since the live began, ms. */
  elapsedMs(): number;
  nextId(): string;
  source: { generator: MessageGenerator } | { captures: readonly CapturedMessage[]; perSecond: number };
}

/** The feed of one live. */
export class LiveFeed {
  readonly #options: FeedOptions;
  #entries: FeedEntry[] = [];
  #released = 0;
  #cursors: FeedCursor[] = [];
  #history: FeedEntry[] = [];
  readonly #historySent = new Set<string>();
  #firstJoinMs = 0;
  #capturesNext = 0;
  #joined = false;
  #sourceEnded = false;
  readonly #stats: FeedStats;

  constructor(options: FeedOptions) {
    this.#options = options;
    const { source } = options;
    this.#stats = {
      sentByMethod: {},
      sent: 0,
      ids: [],
      historyIds: [],
      acked: 0,
      captured: { total: "captures" in source ? source.captures.length : 0, sent: 0, acked: 0 },
    };
    if ("generator" in source) {
      this.#history = source.generator.history(20).map((planned) => this.#build(planned));
    }
  }

  /** Makes what is due; returns whether there is anything new. */
  advance(): boolean {
    const { source } = this.#options;
    const elapsedMs = this.#options.elapsedMs();
    const before = this.#entries.length;
    if (this.#sourceEnded) return false;
    if ("generator" in source) {
      // The room has nothing to say while nobody was ever here.
      if (!this.#joined) source.generator.skipTo(elapsedMs);
      while (source.generator.nextAtMs <= elapsedMs) this.#push(this.#build(source.generator.next()));
    } else if (this.#joined) {
      const due = Math.ceil((elapsedMs - this.#firstJoinMs) / 1000 * source.perSecond);
      for (; this.#capturesNext < Math.min(due, source.captures.length); this.#capturesNext++) {
        const captured = source.captures[this.#capturesNext];
        if (captured === undefined) break;
        this.#push({ ...captured, id: this.#options.nextId(), origin: "captured", writes: 0, acked: false });
      }
    }
    return this.#entries.length > before;
  }

  /** No further message comes from the generator or the file. */
  endSource(): void {
    this.#sourceEnded = true;
  }

  /** Whether everything that there was to say is written and acknowledged. */
  get drained(): boolean {
    const { source } = this.#options;
    if ("captures" in source && this.#capturesNext < source.captures.length) return false;
    const open = this.#cursors.filter((cursor) => cursor.open);
    return this.#cursors.length === 0 || (open.length > 0 && open.every(({ acked }) => acked >= this.#entries.length));
  }

  /** Whether the captures file is through; false for a generated room. */
  get exhausted(): boolean {
    const { source } = this.#options;
    return "captures" in source && this.#capturesNext >= source.captures.length;
  }

  /** Adds a message out of turn. `id` "" leaves the envelope without one. */
  inject(method: string, payload: Uint8Array, id = this.#options.nextId()): void {
    this.#push({ id, method, payload, origin: "injected", writes: 0, acked: false });
  }

  /** Adds a message of a known method out of turn. */
  injectFields(method: string, fields: Record<string, unknown>): void {
    const entry = this.#build({ atMs: 0, method, fields, common: {} });
    this.#push({ ...entry, origin: "injected" });
  }

  /**
   * A client enters the room: at the place where its last socket stopped, else where a socket broke that nobody
   * followed, else now.
   */
  join(client: string): FeedCursor {
    const own = this.#cursors.findLast((cursor) => cursor.client === client);
    const orphan = this.#cursors.some((cursor) => cursor.open) ? undefined : this.#cursors[0];
    const from = own ?? orphan;
    if (from !== undefined && !from.open) this.#cursors = this.#cursors.filter((cursor) => cursor !== from);
    const start = from?.acked ?? ("captures" in this.#options.source ? 0 : this.#entries.length);
    const cursor: FeedCursor = { client, next: start, acked: start, open: true };
    this.#cursors.push(cursor);
    if (!this.#joined) {
      this.#joined = true;
      this.#firstJoinMs = this.#options.elapsedMs();
      const { source } = this.#options;
      if ("generator" in source) {
        for (const made of source.generator.welcome()) this.#push(this.#build({ atMs: 0, ...made }));
      }
    }
    return cursor;
  }

  /** The client's socket is gone; its place is kept for the next one. */
  leave(cursor: FeedCursor): void {
    cursor.open = false;
    const closed = this.#cursors.filter((one) => !one.open);
    // A crowd that left for good must not hold the payloads of the whole live.
    if (closed.length > 100) this.#cursors = this.#cursors.filter((one) => one !== closed[0]);
  }

  /** Takes the next entries for a cursor and counts them as written. */
  take(cursor: FeedCursor, max: number): FeedEntry[] {
    const to = Math.min(this.#entries.length, cursor.next + max);
    const entries: FeedEntry[] = [];
    for (let index = cursor.next; index < to; index++) {
      const entry = this.#entries[index];
      // Without an id a client could not tell the second copy from a new message.
      if (entry === undefined || (entry.id === "" && entry.writes > 0)) continue;
      entry.writes += 1;
      if (entry.writes === 1) this.#countWrite(entry);
      entries.push(entry);
    }
    cursor.next = to;
    return entries;
  }

  /** The client acknowledged everything below `to`. */
  acknowledge(cursor: FeedCursor, to: number): void {
    for (let index = cursor.acked; index < to; index++) {
      const entry = this.#entries[index];
      if (entry === undefined || entry.acked) continue;
      entry.acked = true;
      this.#stats.acked += 1;
      if (entry.origin === "captured") this.#stats.captured.acked += 1;
    }
    cursor.acked = Math.max(cursor.acked, to);
    this.#release();
  }

  /** Chats from before, oldest first. */
  takeHistory(count: number): FeedEntry[] {
    const taken = count <= 0 ? [] : this.#history.slice(-count);
    for (const { id } of taken) {
      if (this.#historySent.has(id)) continue;
      this.#historySent.add(id);
      this.#stats.historyIds.push(id);
    }
    return taken;
  }

  /** The last messages that were written, for duplicates. */
  lastWritten(count: number): FeedEntry[] {
    return this.#entries.filter((entry) => entry.writes > 0 && entry.payload.length > 0 && entry.id !== "")
      .slice(-Math.min(count, KEPT_PAYLOADS));
  }

  /** Counts so far; they and their lists grow as the live runs. */
  get stats(): Readonly<FeedStats> {
    return this.#stats;
  }

  #countWrite({ id, method, origin }: FeedEntry): void {
    const stats = this.#stats;
    stats.sent += 1;
    stats.sentByMethod[method] = (stats.sentByMethod[method] ?? 0) + 1;
    if (id !== "") stats.ids.push(id);
    if (origin === "captured") stats.captured.sent += 1;
  }

  #build(planned: PlannedMessage): FeedEntry {
    const id = this.#options.nextId();
    const { roomId } = this.#options;
    const createTime = String(this.#options.now() + Math.min(0, planned.atMs));
    const fields = {
      ...planned.fields,
      common: { ...planned.common, method: planned.method, msgId: id, roomId, createTime },
    };
    // The generator's names are checked by the encoder, which refuses unknown methods and fields.
    const payload = encodeMessage(
      planned.method as "WebcastChatMessage",
      fields as Parameters<typeof encodeMessage<"WebcastChatMessage">>[1],
    );
    return { id, method: planned.method, payload, origin: "generated", writes: 0, acked: false };
  }

  #push(entry: FeedEntry): void {
    this.#entries.push(entry);
    if (entry.method !== "WebcastChatMessage" || entry.origin !== "generated") return;
    this.#history.push({ ...entry });
    if (this.#history.length > HISTORY_KEPT) this.#history.shift();
  }

  /** Frees the payloads that no cursor needs any more. */
  #release(): void {
    let floor = this.#entries.length - KEPT_PAYLOADS;
    for (const cursor of this.#cursors) floor = Math.min(floor, cursor.acked);
    for (; this.#released < floor; this.#released++) {
      const entry = this.#entries[this.#released];
      if (entry !== undefined) entry.payload = EMPTY;
    }
  }
}
