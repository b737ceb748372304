/**
 * The shape of the two DynamoDB tables: keys, indexes, stream and TTL. The CDK stack and the tests' CreateTable are both
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

/** A table. */
export interface TableShape {
  partitionKey: KeyAttribute;
  sortKey: KeyAttribute;
  indexes: readonly IndexShape[];
  streamViewType?: "NEW_IMAGE";
  /** Seconds since 1970 after which DynamoDB may delete the item. */
  ttlAttribute: string;
}

/** The state table: all but the batches of events. */
export const TABLE = {
  partitionKey: { name: "pk", type: "S" },
  sortKey: { name: "sk", type: "S" },
  indexes: [DUE_INDEX, LIST_INDEX],
  ttlAttribute: "expiresAtS",
} as const satisfies TableShape;

/** The events table: batches of events, and the stream that the consumer reads. */
export const EVENTS_TABLE = {
  partitionKey: TABLE.partitionKey,
  sortKey: TABLE.sortKey,
  indexes: [],
  streamViewType: "NEW_IMAGE",
  ttlAttribute: TABLE.ttlAttribute,
} as const satisfies TableShape;

/** Name of the events table that belongs to a state table. */
export function eventsTableName(stateTableName: string): string {
  return `${stateTableName}-events`;
}

/** Filter of the stream: only new batches of events reach the consumer. */
export const CONSUMED_RECORDS = {
  eventName: ["INSERT"],
  dynamodb: { Keys: { sk: { S: [{ prefix: EVENTS_PREFIX }] } } },
} as const;
