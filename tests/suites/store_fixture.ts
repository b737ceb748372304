/**
 * What the store suites share.
 * @module
 */
import { assert, assertRejects } from "@std/assert";
import { LeaseLostError } from "../../functions/contract/errors.ts";
import { watchShard } from "../../functions/contract/keys.ts";
import { addToTotals } from "../../functions/core/add_totals.ts";
import type { EventBatch } from "../../functions/ports/event_store.ts";
import type { Page, PageRequest } from "../../functions/ports/page.ts";
import type { Lease, Recording, Segment } from "../../functions/ports/recording_store.ts";
import type { Store } from "../../functions/ports/store.ts";
import type { RecordingTotals } from "../../functions/ports/totals_store.ts";

/** A fresh, empty store for one test. */
export interface StoreFixture {
  /** Opens a handle on it; called again, one more handle on the same data, as another process would have. */
  open(): Promise<Store>;
  /** Closes every handle and removes the data. */
  close(): Promise<void>;
}

export const T0 = 1_760_000_000_000;
export const LEASE_MS = 30_000;

/** Claims recordings for {@link LEASE_MS}. */
export function claim(from: Store, owner: string, now: number, limit = 10): Promise<Recording[]> {
  return from.claimRecordings({ owner, now, leaseMs: LEASE_MS, limit });
}

/** Wants the recording of a room. */
export function want(store: Store, roomId: string, now = T0): ReturnType<Store["wantRecording"]> {
  return store.wantRecording({ roomId, username: `host${roomId}`, title: `live of ${roomId}` }, now);
}

/** Wants a recording and claims it. */
export async function leaseNew(store: Store, roomId = "1", now = T0): Promise<Lease> {
  await want(store, roomId, now);
  const [claimed] = await claim(store, "a", now);
  assert(claimed !== undefined);
  return leaseOf(claimed);
}

/** Without the properties that hold `undefined`: whether those are there is up to the adapter. */
export function defined(value: object | undefined): unknown {
  return value && Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

export function leaseOf(recording: Recording): Lease {
  return { recordingId: recording.id, token: recording.leaseToken };
}

export function segment(part: number, index: number): Segment {
  return {
    part,
    index,
    uri: `segment_${index}.m4s`,
    startAt: T0 + index * 6_000,
    durationMs: 6_000,
    bytes: 1_500_000,
    sha256: "ab".repeat(32),
  };
}

export function batch(seq: number, token: number, recordingId = "1"): EventBatch {
  return {
    recordingId,
    seq,
    token,
    count: 3,
    types: { chat: 2, gift: 1 },
    diamonds: 5,
    firstAt: T0 + seq * 10,
    lastAt: T0 + seq * 10 + 9,
    body: new Uint8Array([0x1f, 0x8b, seq, 0, 255]),
  };
}

/** Adds what a batch says of itself to the totals. Its events are not looked at. */
export function addBatch(store: Store, batch: EventBatch): Promise<RecordingTotals | undefined> {
  return addToTotals(store, batch.recordingId, [{ batch, events: [] }]);
}

export function namesOfShard(shard: number, count: number): string[] {
  const names: string[] = [];
  for (let i = 0; names.length < count; i++) if (watchShard(`host${i}`) === shard) names.push(`host${i}`);
  return names;
}

export async function readPages<T>(read: (page: PageRequest) => Promise<Page<T>>, limit: number): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor: string | undefined;
  do {
    const page: Page<T> = await read({ limit, cursor });
    pages.push(page.items);
    cursor = page.cursor;
  } while (cursor !== undefined && pages.length < 100);
  return pages;
}

export async function assertLeaseLost(write: Promise<unknown>): Promise<void> {
  const error = await assertRejects(() => write);
  assert(error instanceof LeaseLostError, `expected LeaseLostError, got ${String(error)}`);
}
