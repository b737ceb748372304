import { BatchGetItemCommand, type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";
import {
  gifterKey,
  hostPartition,
  type ItemKey,
  recordingKey,
  totalsKey,
  VIEWERS_PREFIX,
  viewersKey,
} from "../../contract/keys.ts";
import type {
  HostTotals,
  Ledger,
  LedgerRows,
  RecordingTotals,
  Totals,
  TotalsOwner,
  TotalsStore,
} from "../../ports/totals_store.ts";
import {
  deleteItem,
  deleteOthers,
  type DynamoTable,
  getItem,
  type Item,
  marshallItem,
  queryItems,
  retryConflicts,
} from "./dynamo_table.ts";
import { failedConditions, isConflict } from "./dynamo_recordings.ts";

const GifterItem = v.object({
  userId: v.string(),
  username: v.string(),
  nickname: v.string(),
  diamonds: v.number(),
  gifts: v.number(),
  lastAt: v.number(),
});
const HourItem = v.object({ hour: v.number(), peaks: v.record(v.string(), v.number()) });
const sums = {
  count: v.number(),
  types: v.record(v.string(), v.number()),
  diamonds: v.number(),
  gifts: v.number(),
  likes: v.number(),
  peakViewers: v.number(),
  gifters: v.number(),
  topGifters: v.array(GifterItem),
  firstAt: v.optional(v.number()),
  lastAt: v.optional(v.number()),
};
const RecordingItem = v.object({
  ...sums,
  recordingId: v.string(),
  username: v.string(),
  seq: v.number(),
  missing: v.array(v.tuple([v.number(), v.number()])),
  partial: v.record(v.string(), v.number()),
});
const HostItem = v.object({ ...sums, username: v.string(), recordings: v.number() });
const Versioned = v.object({ version: v.number() });
const Held = v.object({ username: v.string(), state: v.string() });

/** Times an answer without all items is asked again for the rest. */
const MOST_READS = 10;

const partitionOf = (owner: TotalsOwner): string =>
  "username" in owner ? hostPartition(owner.username) : recordingKey(owner.recordingId).pk;

/**
 * Totals in DynamoDB: an item each for a recording and its host, one for each gifter, one for each hour with viewers. A
 * change is one transaction. The rows need no condition of their own: nobody changes them without the totals beside them.
 */
export function dynamoTotals(table: DynamoTable): TotalsStore {
  const readTotals = async <T extends Totals>(owner: TotalsOwner, read: (item: Item) => T) => {
    const item = await getItem(table, totalsKey(partitionOf(owner)));
    if (item === undefined) return { version: 0, totals: undefined };
    return { version: v.parse(Versioned, item).version, totals: read(item) };
  };
  const recordingTotals = (recordingId: string) => readTotals({ recordingId }, toRecordingTotals);
  const hostTotals = (username: string) => readTotals({ username }, toHostTotals);
  return {
    async readLedgers(recordingId, rows) {
      const [row, recording] = await Promise.all([
        getItem(table, recordingKey(recordingId)),
        recordingTotals(recordingId),
      ]);
      if (row === undefined) return undefined;
      const { username, state } = v.parse(Held, row);
      if (state === "deleting") return undefined;
      const host = await hostTotals(username);
      // After the totals: rows that change from here on come with totals of another version.
      const [ofRecording, ofHost] = await Promise.all([
        readRows(table, rows, { recordingId }),
        readRows(table, rows, { username }),
      ]);
      return { recordingId, username, recording: { ...recording, ...ofRecording }, host: { ...host, ...ofHost } };
    },
    async writeLedgers(before, after) {
      const { recordingId, username } = before;
      const items = [
        ...itemsOf(table, { recordingId }, before.recording.version, after.recording),
        ...itemsOf(table, { username }, before.host.version, after.host),
      ];
      // Deletion of the recording takes its totals away, so later changes fail by their version.
      if (before.recording.version === 0) items.push(stillThere(table, recordingId));
      const write = new TransactWriteItemsCommand({ TransactItems: items });
      try {
        await retryConflicts(table, () => table.client.send(write), isConflict);
        return true;
      } catch (error) {
        if (failedConditions(error).some(Boolean)) return false;
        throw error;
      }
    },
    async getTotals(recordingId) {
      return (await recordingTotals(recordingId)).totals;
    },
    async getHostTotals(username) {
      return (await hostTotals(username)).totals;
    },
    async listViewers(owner, limit) {
      const where = { operator: "between", from: VIEWERS_PREFIX, to: `${VIEWERS_PREFIX}~` } as const;
      const items = await queryItems(table, { partition: partitionOf(owner), where, descending: true }, limit);
      return items.reverse().map((item) => v.parse(HourItem, item));
    },
    async deleteHostTotals(username) {
      const key = totalsKey(hostPartition(username));
      await deleteOthers(table, key);
      await deleteItem(table, key);
    },
  };
}

/** Gifters and hours, as far as there are any. */
async function readRows(
  table: DynamoTable,
  { gifters, hours }: LedgerRows,
  owner: TotalsOwner,
): Promise<Pick<Ledger<Totals>, "gifters" | "hours">> {
  const pk = partitionOf(owner);
  const [gifterItems, hourItems] = await Promise.all([
    readItems(table, gifters.map((userId) => gifterKey(pk, userId))),
    readItems(table, hours.map((hour) => viewersKey(pk, hour))),
  ]);
  return {
    gifters: gifterItems.map((item) => v.parse(GifterItem, item)),
    hours: hourItems.map((item) => v.parse(HourItem, item)),
  };
}

/** Reads up to 100 items. */
async function readItems(table: DynamoTable, keys: readonly ItemKey[]): Promise<Item[]> {
  const items: Item[] = [];
  let rest = keys.map((key) => marshallItem({ ...key }));
  for (let reads = 1; rest.length > 0; reads++) {
    const { Responses, UnprocessedKeys } = await table.client.send(
      new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: rest, ConsistentRead: true } } }),
    );
    for (const item of Responses?.[table.name] ?? []) items.push(unmarshall(item));
    rest = UnprocessedKeys?.[table.name]?.Keys ?? [];
    if (rest.length > 0 && reads === MOST_READS) throw new Error("Cannot read totals: the table is throttled");
    if (rest.length > 0) await table.clock.sleep(table.random() * 20 * 2 ** reads);
  }
  return items;
}

function itemsOf(
  table: DynamoTable,
  owner: TotalsOwner,
  versionBefore: number,
  { totals, version, gifters, hours }: Ledger<Totals>,
): TransactWriteItem[] {
  const pk = partitionOf(owner);
  const put = (item: Item & ItemKey) => ({ TableName: table.name, Item: marshallItem(item) });
  const unchanged = versionBefore === 0 ? { ConditionExpression: "attribute_not_exists(pk)" } : {
    ConditionExpression: "#version = :version",
    ExpressionAttributeNames: { "#version": "version" },
    ExpressionAttributeValues: marshallItem({ ":version": versionBefore }),
  };
  return [
    { Put: { ...put({ ...totalsKey(pk), version, ...totals }), ...unchanged } },
    ...gifters.map((gifter) => ({ Put: put({ ...gifterKey(pk, gifter.userId), ...gifter }) })),
    ...hours.map((each) => ({ Put: put({ ...viewersKey(pk, each.hour), ...each }) })),
  ];
}

/** The condition that a recording is there, and not being deleted. */
function stillThere(table: DynamoTable, recordingId: string): TransactWriteItem {
  return {
    ConditionCheck: {
      TableName: table.name,
      Key: marshallItem({ ...recordingKey(recordingId) }),
      ConditionExpression: "attribute_exists(pk) AND #state <> :deleting",
      ExpressionAttributeNames: { "#state": "state" },
      ExpressionAttributeValues: marshallItem({ ":deleting": "deleting" }),
    },
  };
}

function toRecordingTotals(item: Item): RecordingTotals {
  const { firstAt, lastAt, ...totals } = v.parse(RecordingItem, item);
  return { ...totals, firstAt, lastAt };
}

function toHostTotals(item: Item): HostTotals {
  const { firstAt, lastAt, ...totals } = v.parse(HostItem, item);
  return { ...totals, firstAt, lastAt };
}
