import { TransactionCanceledException, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { APP_ERROR_CODES, LeaseLostError } from "../../contract/errors.ts";
import {
  DELETION_DUE_PARTITION,
  RECORDING_DUE_PARTITION,
  RECORDING_LIST_PARTITION,
  recordingKey,
  recordingListOrder,
  SEGMENT_PREFIX,
  segmentKey,
} from "../../contract/keys.ts";
import { QUALITIES } from "../../contract/quality.ts";
import type { Lease, Recording, RecordingStore, Segment } from "../../ports/recording_store.ts";
import {
  claimedItems,
  type Condition,
  countItems,
  deleteItem,
  deleteOthers,
  type DynamoTable,
  eventsTable,
  getItem,
  type Item,
  marshallItem,
  putNewItem,
  queryItems,
  retryConflicts,
  updateExpression,
  updateItem,
} from "./dynamo_table.ts";
import { DUE_INDEX, LIST_INDEX } from "./table.ts";

const PartItem = v.object({ part: v.number(), folder: v.string(), startedAt: v.number() });

const RecordingItem = v.object({
  id: v.string(),
  username: v.string(),
  title: v.string(),
  quality: v.optional(v.picklist(QUALITIES)),
  recordedQuality: v.optional(v.string()),
  state: v.picklist(["wanted", "recording", "finished", "deleting"]),
  createdAt: v.number(),
  dueAt: v.optional(v.number()),
  leaseToken: v.number(),
  leaseOwner: v.optional(v.string()),
  failures: v.number(),
  parts: v.array(PartItem),
  kept: v.optional(v.boolean(), false),
  eventsDeletedAt: v.optional(v.number()),
  stopAt: v.optional(v.number()),
  startedAt: v.optional(v.number()),
  endedAt: v.optional(v.number()),
  outcome: v.optional(v.object({
    kind: v.picklist(["ended", "stopped", "failed"]),
    code: v.optional(v.picklist(APP_ERROR_CODES)),
    detail: v.optional(v.string()),
  })),
  segments: v.number(),
  bytes: v.number(),
  durationMs: v.number(),
});

const SegmentItem = v.object({
  part: v.number(),
  index: v.number(),
  uri: v.string(),
  startAt: v.number(),
  durationMs: v.number(),
  bytes: v.number(),
  sha256: v.string(),
});

const BUSY_CODES: ReadonlySet<string> = new Set([
  "TransactionConflict",
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
]);

/** More items than there are. */
const ALL = 2 ** 31 - 1;
/** Comes after each place of a list. */
const AFTER_ALL = "~";
/** No claim's condition holds for it, whatever an index that lags behind says. */
const NEVER_DUE = Number.MAX_SAFE_INTEGER;

/** Recordings and their leases in DynamoDB. */
export function dynamoRecordings(table: DynamoTable): RecordingStore {
  const read = async (recordingId: string): Promise<Recording | undefined> => {
    const item = await getItem(table, recordingKey(recordingId));
    return item && toRecording(item);
  };
  /** Changes a recording under a lease. */
  const updateHeld = async (lease: Lease, set: Item): Promise<Recording> => {
    const changed = await updateItem(table, recordingKey(lease.recordingId), { set, onlyIf: held(lease) });
    if (changed === undefined) throw new LeaseLostError(lease.recordingId, lease.token);
    return toRecording(changed);
  };
  /**
   * Gives the lease up. The SDK sends a request again when its answer was lost, and the first one may have done the work:
   * then the recording is as this write makes it, under the same token.
   */
  const giveUp = async (lease: Lease, set: Item & { state: Recording["state"] }): Promise<void> => {
    const key = recordingKey(lease.recordingId);
    if (await updateItem(table, key, { set, onlyIf: held(lease) }) !== undefined) return;
    const recording = await read(lease.recordingId);
    const same = recording?.leaseToken === lease.token && recording.state === set.state &&
      recording.dueAt === set.dueAt && recording.endedAt === set.endedAt;
    if (!same) throw new LeaseLostError(lease.recordingId, lease.token);
  };
  const readHeld = async (lease: Lease): Promise<Recording> => {
    const recording = await read(lease.recordingId);
    if (recording?.state !== "recording" || recording.leaseToken !== lease.token) {
      throw new LeaseLostError(lease.recordingId, lease.token);
    }
    return recording;
  };
  /** Lists a segment and adds it up, both or neither. @returns `refused` when the recording does not meet `onlyIf` */
  const list = async (
    recordingId: string,
    { part, index, uri, startAt, durationMs, bytes, sha256 }: Segment,
    onlyIf: Condition[],
  ): Promise<"new" | "there" | "refused"> => {
    const item = {
      ...segmentKey(recordingId, part, index),
      ...{ part, index, uri, startAt, durationMs, bytes, sha256 },
    };
    const write = new TransactWriteItemsCommand({
      TransactItems: [
        {
          Update: {
            TableName: table.name,
            Key: marshallItem({ ...recordingKey(recordingId) }),
            ...updateExpression({ add: { segments: 1, bytes, durationMs }, onlyIf }),
          },
        },
        {
          Put: {
            TableName: table.name,
            Item: marshallItem(item),
            ConditionExpression: "attribute_not_exists(pk)",
          },
        },
      ],
    });
    try {
      await retryConflicts(table, () => table.client.send(write), isConflict);
      return "new";
    } catch (error) {
      const [refused, isThere] = failedConditions(error);
      if (refused) return "refused";
      if (isThere) return "there";
      throw error;
    }
  };
  /**
   * Recordings that are not finished, the newest first. They are few beside all that ever were, and those who look at what
   * is going on ask for them each few seconds: they are read from the index that holds no others.
   */
  const open = async (wanted: { username?: string; state: string; cursor?: string }): Promise<Item[]> => {
    const { username, state, cursor = AFTER_ALL } = wanted;
    const items = await queryItems(table, {
      index: DUE_INDEX,
      partition: RECORDING_DUE_PARTITION,
      only: { username, state },
    }, ALL);
    const orderOf = (item: Item) => String(item["listOrder"]);
    return items.filter((item) => orderOf(item) < cursor).sort((a, b) => orderOf(a) < orderOf(b) ? 1 : -1);
  };
  return {
    async wantRecording({ roomId, username, title, quality }, now) {
      const item = {
        ...recordingKey(roomId),
        duePartition: RECORDING_DUE_PARTITION,
        listPartition: RECORDING_LIST_PARTITION,
        listOrder: recordingListOrder(now, roomId),
        id: roomId,
        username,
        title,
        ...quality !== undefined && { quality },
        state: "wanted",
        createdAt: now,
        dueAt: now,
        leaseToken: 0,
        failures: 0,
        parts: [],
        segments: 0,
        bytes: 0,
        durationMs: 0,
      };
      const existing = await putNewItem(table, item);
      return { recording: toRecording(existing ?? item), created: existing === undefined };
    },
    async askQuality(recordingId, quality) {
      const changed = await updateItem(table, recordingKey(recordingId), {
        set: { quality },
        onlyIf: [["id", "=", recordingId]],
      });
      return changed && toRecording(changed);
    },
    async noteQuality(lease, recordedQuality) {
      await updateHeld(lease, { recordedQuality });
    },
    async reopenRecording({ recordingId, token }, now) {
      const changed = await updateItem(table, recordingKey(recordingId), {
        set: {
          state: "wanted",
          duePartition: RECORDING_DUE_PARTITION,
          dueAt: now,
          endedAt: undefined,
          outcome: undefined,
          stopAt: undefined,
          failures: 0,
        },
        onlyIf: [["state", "=", "finished"], ["leaseToken", "=", token]],
      });
      return changed !== undefined;
    },
    getRecording: read,
    async listRecordings({ limit, cursor }, { username, state } = {}) {
      const isOpen = state === "wanted" || state === "recording";
      const found = isOpen ? await open({ username, state, cursor }) : await queryItems(table, {
        index: LIST_INDEX,
        partition: RECORDING_LIST_PARTITION,
        where: cursor === undefined ? undefined : { operator: "<", value: cursor },
        descending: true,
        only: { username, state },
      }, limit + 1);
      const items = found.slice(0, limit).map(toRecording);
      const last = items.at(-1);
      const more = found.length > limit && last !== undefined;
      return { items, cursor: more ? recordingListOrder(last.createdAt, last.id) : undefined };
    },
    async stopRecording(recordingId, now) {
      // Repeats when a recorder claims it, or gives it back, between the read and the write.
      for (;;) {
        const recording = await read(recordingId);
        if (recording?.state !== "wanted" && recording?.state !== "recording") return recording;
        if (recording.stopAt !== undefined && recording.state === "recording") return recording;
        const { state, leaseToken } = recording;
        const finish = {
          state: "finished",
          duePartition: undefined,
          dueAt: undefined,
          endedAt: now,
          outcome: { kind: "stopped" },
        };
        const changed = await updateItem(table, recordingKey(recordingId), {
          set: { ...state === "wanted" ? finish : {}, stopAt: now },
          onlyIf: [["state", "=", state], ["leaseToken", "=", leaseToken]],
        });
        if (changed !== undefined) return toRecording(changed);
      }
    },
    async retireRecording(recordingId) {
      const changed = await updateItem(table, recordingKey(recordingId), {
        set: { state: "deleting", listPartition: undefined, duePartition: DELETION_DUE_PARTITION, dueAt: NEVER_DUE },
        onlyIf: [["state", "=", "finished"]],
      });
      return changed === undefined ? await read(recordingId) : toRecording(changed);
    },
    async deleteRecording(recordingId) {
      if ((await read(recordingId))?.state !== "deleting") return;
      const key = recordingKey(recordingId);
      // The events table has no item of this key, so that all of the partition goes.
      await Promise.all([deleteOthers(eventsTable(table), key), deleteOthers(table, key)]);
      await deleteItem(table, key);
    },
    async listOpenRecordings(limit) {
      return (await queryItems(table, { index: DUE_INDEX, partition: RECORDING_DUE_PARTITION }, limit)).map(
        toRecording,
      );
    },
    async countDueRecordings(now) {
      return await countItems(table, dueRecordings("<=", now));
    },
    async claimRecordings({ owner, now, leaseMs, limit }) {
      const due = await queryItems(table, dueRecordings("<=", now), limit);
      const claims = due.map(toRecording).map(({ id }) =>
        updateItem(table, recordingKey(id), {
          set: { state: "recording", leaseOwner: owner, dueAt: now + leaseMs },
          add: { leaseToken: 1 },
          onlyIf: [["dueAt", "<=", now]],
        })
      );
      return (await claimedItems(claims)).map(toRecording);
    },
    async undoClaim({ owner, now, leaseMs, limit }) {
      const dueAt = now + leaseMs;
      const onlyIf = [["leaseOwner", "=", owner], ["dueAt", "=", dueAt]] as const;
      for (const { id } of (await queryItems(table, dueRecordings("=", dueAt), limit)).map(toRecording)) {
        await updateItem(table, recordingKey(id), { set: { dueAt: now }, onlyIf });
      }
    },
    async renewLease(lease, { now, leaseMs }) {
      return await updateHeld(lease, { dueAt: now + leaseMs });
    },
    async addPart(lease, { folder, startedAt }) {
      // Only the holder of the lease adds parts, so nobody else changes the list between the read and the write.
      const recording = await readHeld(lease);
      if (recording.parts.some((each) => each.part === lease.token)) return;
      await updateHeld(lease, {
        parts: [...recording.parts, { part: lease.token, folder, startedAt }],
        startedAt: recording.startedAt ?? startedAt,
      });
    },
    async addSegment(lease, segment) {
      if (await list(lease.recordingId, segment, held(lease)) === "refused") {
        throw new LeaseLostError(lease.recordingId, lease.token);
      }
    },
    async restoreSegment(id, segment) {
      for (;;) {
        const recording = await read(id);
        if (recording === undefined || recording.state === "deleting") return false;
        if (!recording.parts.some(({ part }) => part === segment.part)) return false;
        const listed = await list(id, segment, [["state", "=", recording.state]]);
        if (listed !== "refused") return listed === "new";
      }
    },
    async listSegments(recordingId, { limit, cursor }) {
      const found = await queryItems(table, {
        partition: recordingKey(recordingId).pk,
        where: {
          operator: "between",
          // "#" after a whole key is above that key and below the next one; "~" is above all digits.
          from: SEGMENT_PREFIX + (cursor === undefined ? "" : `${cursor}#`),
          to: `${SEGMENT_PREFIX}~`,
        },
      }, limit + 1);
      const items = found.slice(0, limit).map((item): Segment => v.parse(SegmentItem, item));
      const last = items.at(-1);
      const more = found.length > limit && last !== undefined;
      return {
        items,
        cursor: more ? segmentKey(recordingId, last.part, last.index).sk.slice(SEGMENT_PREFIX.length) : undefined,
      };
    },
    async releaseRecording(lease, { dueAt, failures }) {
      await giveUp(lease, { state: "wanted", leaseOwner: undefined, dueAt, failures });
    },
    async finishRecording(lease, { endedAt, outcome }) {
      await giveUp(lease, {
        state: "finished",
        leaseOwner: undefined,
        duePartition: undefined,
        dueAt: undefined,
        endedAt,
        outcome,
      });
    },
  };
}

/** How many recordings are not finished: those at work, and those that wait or will be tried again. */
export function countOpenRecordings(table: DynamoTable): Promise<number> {
  return countItems(table, { index: DUE_INDEX, partition: RECORDING_DUE_PARTITION });
}

const held = ({ token }: Lease): Condition[] => [["leaseToken", "=", token], ["state", "=", "recording"]];

const dueRecordings = (operator: "<=" | "=", dueAt: number) => ({
  index: DUE_INDEX,
  partition: RECORDING_DUE_PARTITION,
  where: { operator, value: dueAt } as const,
});

/** A recording of an item. */
export function toRecording(item: Item): Recording {
  return v.parse(RecordingItem, item);
}

/** Which items of a transaction failed on their condition, in order; empty for other errors. */
export function failedConditions(error: unknown): boolean[] {
  if (!(error instanceof TransactionCanceledException)) return [];
  return (error.CancellationReasons ?? []).map(({ Code }) => Code === "ConditionalCheckFailed");
}

/** Whether a transaction failed only because the table was busy, or one of its items was. */
export function isConflict(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return false;
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code).filter((code) => code !== "None");
  return codes.length > 0 && codes.every((code) => code !== undefined && BUSY_CODES.has(code));
}
