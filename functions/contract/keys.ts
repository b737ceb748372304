/**
 * Keys of stored items. The DynamoDB table has `pk` and `sk`; its sparse index `due` has a shard and a time, and its
 * sparse index `list` has a collection and an order. Numbers inside string keys are padded, so that text order is
 * number order.
 * @module
 */

/** How many shards the watchlist has. Pollers of different shards never meet. */
export const WATCH_SHARDS = 8;

/**
 * Shard of the hosts who were live when they were last looked at, whatever their name: one request tells about many of
 * their rooms.
 */
export const ON_AIR_SHARD = WATCH_SHARDS;

/**
 * Shard of the names that were not looked at yet, or not since their pause ended, however many come at once: all others
 * go before them.
 */
export const NEW_SHARD = WATCH_SHARDS + 1;

/** Every shard of the watchlist. */
export const ALL_SHARDS: readonly number[] = Array.from({ length: WATCH_SHARDS + 2 }, (_, shard) => shard);

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The shard of a name: the same for ever, since it is part of stored keys (FNV-1a, 32 bits).
 * @param username a normalised name
 * @returns 0 to {@link WATCH_SHARDS} - 1
 */
export function watchShard(username: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < username.length; i++) hash = Math.imul(hash ^ username.charCodeAt(i), FNV_PRIME);
  return (hash >>> 0) % WATCH_SHARDS;
}

/** Primary key of an item. */
export interface ItemKey {
  pk: string;
  sk: string;
}

const pad = (value: number): string => String(value).padStart(12, "0");

/** A watch. */
export const watchKey = (username: string): ItemKey => ({ pk: `WATCH#${username}`, sk: "WATCH" });

/** Partition of the `due` index that holds the watches of a shard, by the time of their next check. */
export const watchDuePartition = (shard: number): string => `WATCH#${shard}`;

/** Partition of the `list` index that holds all watches, by name. */
export const WATCH_LIST_PARTITION = "WATCHES";

/** A recording; its segments, event batches and totals share the partition. */
export const recordingKey = (recordingId: string): ItemKey => ({ pk: `RECORDING#${recordingId}`, sk: "RECORDING" });

/** Partition of the `due` index that holds recordings without a living recorder, by the time they may be claimed. */
export const RECORDING_DUE_PARTITION = "RECORDING";

/** Partition of the `due` index that holds recordings which are being deleted, so that none is forgotten half-way. */
export const DELETION_DUE_PARTITION = "DELETION";

/** Partition of the `list` index that holds all recordings, by {@link recordingListOrder}. */
export const RECORDING_LIST_PARTITION = "RECORDINGS";

/** Order of recordings in lists: time of creation, then id. */
export const recordingListOrder = (createdAt: number, recordingId: string): string =>
  `${String(createdAt).padStart(15, "0")}#${recordingId}`;

/** Start of the sort keys of a recording's segments. */
export const SEGMENT_PREFIX = "SEGMENT#";

/** A closed segment, in playback order within its recording. */
export const segmentKey = (recordingId: string, part: number, index: number): ItemKey => ({
  pk: `RECORDING#${recordingId}`,
  sk: `${SEGMENT_PREFIX}${pad(part)}#${pad(index)}`,
});

/** Start of the sort keys of the batches of a recording's log. */
export const LOG_PREFIX = "LOG#";

/** A batch of lines of a recording's log. @param at when it was written, ms */
export const logKey = (recordingId: string, at: number, batchId: string): ItemKey => ({
  pk: `RECORDING#${recordingId}`,
  sk: `${LOG_PREFIX}${String(at).padStart(15, "0")}-${batchId}`,
});

/** Place of a line in the log of a recording. @param index of the line in its batch */
export const logPlace = (at: number, batchId: string, index: number): string =>
  `${String(at).padStart(15, "0")}-${batchId}-${String(index).padStart(4, "0")}`;

/** Start of the sort keys of a recording's event batches. */
export const EVENTS_PREFIX = "EVENTS#";

/** A batch of events. */
export const eventsKey = (recordingId: string, seq: number): ItemKey => ({
  pk: `RECORDING#${recordingId}`,
  sk: `${EVENTS_PREFIX}${pad(seq)}`,
});

/** Partition of all that is added up for a host. */
export const hostPartition = (username: string): string => `HOST#${username}`;

/** Totals of a recording or a host, kept by the consumer of the change feed. @param pk the partition of either */
export const totalsKey = (pk: string): ItemKey => ({ pk, sk: "TOTALS" });

/** What one user gave. */
export const gifterKey = (pk: string, userId: string): ItemKey => ({ pk, sk: `GIFTER#${userId}` });

/** Start of the sort keys of viewers by minute. */
export const VIEWERS_PREFIX = "VIEWERS#";

/** Viewers in the minutes of an hour. @param hour since 1970 */
export const viewersKey = (pk: string, hour: number): ItemKey => ({ pk, sk: `${VIEWERS_PREFIX}${pad(hour)}` });

/** Start of the partition keys of API keys. */
export const KEY_PREFIX = "KEY#";

/** An API key. */
export const keyKey = (id: string): ItemKey => ({ pk: `${KEY_PREFIX}${id}`, sk: "KEY" });

/** Partition of the `list` index that holds all API keys, by id. */
export const KEY_LIST_PARTITION = "KEYS";

/** Start of the partition keys of answers that are kept for a while. */
export const ANSWER_PREFIX = "ANSWER#";

/** An answer of TikTok that is kept for a while. @param key names the request */
export const answerKey = (key: string): ItemKey => ({ pk: `${ANSWER_PREFIX}${key}`, sk: "ANSWER" });

/** The turn of the one process that may do something now. @param name of what it is about */
export const turnKey = (name: string): ItemKey => ({ pk: `TURN#${name}`, sk: "TURN" });

/** Partition of the `due` index that holds alerts which somebody is still to be told about. */
export const ALERT_DUE_PARTITION = "ALERT";

/** Partition of the `list` index that holds alerts in one state, by {@link recordingListOrder}. */
export const alertListPartition = (state: string): string => `ALERTS#${state}`;

/** An alert, beside its recording, so that it goes with it. @param id kind and recording, with colons between */
export const alertKey = (id: string): ItemKey => ({ pk: `RECORDING#${id.split(":")[1] ?? ""}`, sk: `ALERT#${id}` });
