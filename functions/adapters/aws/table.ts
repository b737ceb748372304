/**
 * The shape of the one DynamoDB table: keys, indexes, stream and TTL. The CDK stack and the tests' CreateTable are both
 * made from it, so what is tested is what is deployed. What goes into the keys is in `contract/keys.ts`.
 * @module
 */
import { EVENTS_PREFIX } from "../../contract/keys.ts";

/** A key attribute: its name, and its type (`S` text, `N` number). */
export interface KeyAttribute {
  name: string;
  type: "S" | "N";
}

/** A secondary index. An item without its attributes is not in it. */
export interface IndexShape {
  name: string;
  partitionKey: KeyAttribute;
  sortKey: KeyAttribute;
}

/** Things that wait for a moment: watches of a shard, recordings that may be claimed. */
export const DUE_INDEX = {
  name: "due",
  partitionKey: { name: "duePartition", type: "S" },
  sortKey: { name: "dueAt", type: "N" },
} as const satisfies IndexShape;

/** Things that are listed: watches by name, recordings by time. */
export const LIST_INDEX = {
  name: "list",
  partitionKey: { name: "listPartition", type: "S" },
  sortKey: { name: "listOrder", type: "S" },
} as const satisfies IndexShape;

/** The table. */
export const TABLE = {
  partitionKey: { name: "pk", type: "S" },
  sortKey: { name: "sk", type: "S" },
  indexes: [DUE_INDEX, LIST_INDEX],
  streamViewType: "NEW_AND_OLD_IMAGES",
  /** Seconds since 1970 after which DynamoDB may delete the item. */
  ttlAttribute: "expiresAtS",
} as const satisfies {
  partitionKey: KeyAttribute;
  sortKey: KeyAttribute;
  indexes: readonly IndexShape[];
  streamViewType: "NEW_AND_OLD_IMAGES";
  ttlAttribute: string;
};

/** Filter of the stream: only new batches of events reach the consumer. */
export const CONSUMED_RECORDS = {
  eventName: ["INSERT"],
  dynamodb: { Keys: { sk: { S: [{ prefix: EVENTS_PREFIX }] } } },
} as const;
