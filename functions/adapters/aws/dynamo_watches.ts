import * as v from "valibot";
import { APP_ERROR_CODES } from "../../contract/errors.ts";
import {
  ALL_SHARDS,
  NEW_SHARD,
  ON_AIR_SHARD,
  WATCH_LIST_PARTITION,
  watchDuePartition,
  watchKey,
  watchShard,
} from "../../contract/keys.ts";
import { QUALITIES } from "../../contract/quality.ts";
import { NEVER, PRIORITIES, type Watch, type WatchStore } from "../../ports/watch_store.ts";
import {
  claimedItems,
  countItems,
  deleteItem,
  type DynamoTable,
  getItem,
  type Item,
  putNewItem,
  queryItems,
  updateItem,
} from "./dynamo_table.ts";
import { DUE_INDEX, LIST_INDEX } from "./table.ts";

const WatchItem = v.object({
  username: v.string(),
  addedAt: v.number(),
  priority: v.optional(v.number(), PRIORITIES.usual),
  quality: v.optional(v.picklist(QUALITIES)),
  /** Absent while it is paused: then it is not in the index of what is due. */
  duePartition: v.optional(v.string()),
  dueAt: v.number(),
  claimToken: v.number(),
  state: v.picklist(["unknown", "live", "offline"]),
  checkedAt: v.optional(v.number()),
  lastLiveAt: v.optional(v.number()),
  roomId: v.optional(v.string()),
  hours: v.optional(v.object({ at: v.number(), weights: v.record(v.string(), v.number()) })),
  failures: v.number(),
  lastError: v.optional(v.picklist(APP_ERROR_CODES)),
});

/** The watchlist in DynamoDB. */
export function dynamoWatches(table: DynamoTable): WatchStore {
  return {
    async putWatch(username, now, { priority, quality, paused } = {}) {
      const item = {
        ...watchKey(username),
        ...paused ? PAUSED : { duePartition: watchDuePartition(NEW_SHARD), dueAt: now },
        listPartition: WATCH_LIST_PARTITION,
        listOrder: username,
        username,
        addedAt: now,
        priority: priority ?? PRIORITIES.usual,
        ...quality !== undefined && { quality },
        claimToken: 0,
        state: "unknown",
        failures: 0,
      };
      const existing = await putNewItem(table, item);
      if (existing === undefined) return { watch: toWatch(item), created: true };
      const pauses = paused === true && !toWatch(existing).paused;
      const resumes = paused === false && toWatch(existing).paused;
      const wishes = {
        ...priority !== undefined && { priority },
        ...quality !== undefined && { quality },
        ...pauses && { ...PAUSED, state: "unknown" },
        ...resumes && { duePartition: watchDuePartition(NEW_SHARD), dueAt: now },
      };
      const changed = Object.keys(wishes).length === 0 ? existing : await updateItem(table, watchKey(username), {
        set: wishes,
        add: pauses ? { claimToken: 1 } : {},
        onlyIf: [["username", "=", username]],
      });
      // Gone in between: the answer is what was there.
      return { watch: toWatch(changed ?? existing), created: false };
    },
    async getWatch(username) {
      const item = await getItem(table, watchKey(username));
      return item && toWatch(item);
    },
    async deleteWatch(username) {
      return await deleteItem(table, watchKey(username));
    },
    async listWatches({ limit, cursor }) {
      const found = await queryItems(table, {
        index: LIST_INDEX,
        partition: WATCH_LIST_PARTITION,
        where: cursor === undefined ? undefined : { operator: ">", value: cursor },
      }, limit + 1);
      const items = found.slice(0, limit).map(toWatch);
      return { items, cursor: found.length > limit ? items.at(-1)?.username : undefined };
    },
    async claimDueWatches({ shard, now, leaseMs, limit }) {
      const due = await queryItems(table, {
        index: DUE_INDEX,
        partition: watchDuePartition(shard),
        where: { operator: "<=", value: now },
      }, limit);
      const claims = due.map(toWatch).map(({ username }) =>
        updateItem(table, watchKey(username), {
          set: { dueAt: now + leaseMs },
          add: { claimToken: 1 },
          onlyIf: [["dueAt", "<=", now]],
        })
      );
      return (await claimedItems(claims)).map(toWatch);
    },
    async nextCheckAt(shard) {
      const [first] = await queryItems(table, { index: DUE_INDEX, partition: watchDuePartition(shard) }, 1);
      return first && toWatch(first).nextCheckAt;
    },
    async countDueWatches(now) {
      const counts = await Promise.all(ALL_SHARDS.map((shard) =>
        countItems(table, {
          index: DUE_INDEX,
          partition: watchDuePartition(shard),
          where: { operator: "<=", value: now },
        })
      ));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async completeCheck({ username, claimToken }, { nextCheckAt, ...check }) {
      const { state, checkedAt, lastLiveAt, roomId, hours, failures, lastError } = check;
      const duePartition = watchDuePartition(state === "live" ? ON_AIR_SHARD : watchShard(username));
      const changed = await updateItem(table, watchKey(username), {
        set: { duePartition, dueAt: nextCheckAt, state, checkedAt, lastLiveAt, roomId, hours, failures, lastError },
        onlyIf: [["claimToken", "=", claimToken]],
      });
      return changed !== undefined;
    },
  };
}

/** Who still sees it in the index of what is due, which lags behind, cannot claim it. */
const PAUSED = { duePartition: undefined, dueAt: NEVER };

function toWatch(item: Item): Watch {
  const { dueAt, duePartition, ...watch } = v.parse(WatchItem, item);
  return { ...watch, nextCheckAt: dueAt, paused: duePartition === undefined };
}
