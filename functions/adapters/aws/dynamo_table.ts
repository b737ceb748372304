import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionConflictException,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import type { ItemKey } from "../../contract/keys.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { eventsTableName, type IndexShape, TABLE } from "./table.ts";

/** The state table, or the events table beside it, and what it takes to reach it. */
export interface DynamoTable {
  client: DynamoDBClient;
  name: string;
  clock: Clock;
  random: Random;
}

/** The events table that belongs to a state table. */
export function eventsTable(table: DynamoTable): DynamoTable {
  return { ...table, name: eventsTableName(table.name) };
}

/** Attributes of an item as plain values; reading them takes a schema. */
export type Item = Record<string, unknown>;

/** What must hold for a change to happen: each attribute compares so. */
export type Condition = readonly [attribute: string, operator: "=" | "<" | "<=" | ">", value: string | number];

/** A change of an item that exists. */
export interface Change {
  /** New values; `undefined` removes the attribute. */
  set?: Item;
  /** What to add to numbers. */
  add?: Record<string, number>;
  /** The item must be there and meet all of these. */
  onlyIf: readonly Condition[];
}

/** A range of a table's or an index's partition, in the order of its sort key. */
export interface Range {
  /** @default the table itself */
  index?: IndexShape;
  partition: string;
  /** @default everything */
  where?:
    | { operator: "=" | "<" | "<=" | ">"; value: string | number }
    | { operator: "between"; from: string; to: string };
  /** @default false */
  descending?: boolean;
  /** Attributes that an item must have; others are read and left out. */
  only?: Readonly<Record<string, string | undefined>>;
}

/** Items of a partition that are deleted at the same time. */
const DELETED_AT_ONCE = 25;
const CONFLICT_TRIES = 8;
const CONFLICT_WAIT_MS = 20;

/** Reads an item, with all writes that were answered before. */
export async function getItem(table: DynamoTable, key: ItemKey): Promise<Item | undefined> {
  const { Item } = await table.client.send(
    new GetItemCommand({ TableName: table.name, Key: marshallItem({ ...key }), ConsistentRead: true }),
  );
  return Item && unmarshall(Item);
}

/**
 * Puts an item where there is none.
 * @returns `undefined`, or the item that is there already: then nothing was changed
 */
export async function putNewItem(table: DynamoTable, item: Item & ItemKey): Promise<Item | undefined> {
  try {
    await retryConflicts(table, () =>
      table.client.send(
        new PutItemCommand({
          TableName: table.name,
          Item: marshallItem(item),
          ConditionExpression: "attribute_not_exists(pk)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      ));
    return undefined;
  } catch (error) {
    return existingItem(error);
  }
}

/** Puts an item, whatever is there, on the conditions given. @returns false when they did not hold */
export async function replaceItem(
  table: DynamoTable,
  item: Item & ItemKey,
  onlyIf: readonly Condition[],
): Promise<boolean> {
  const { conditions, ...names } = conditionExpression(onlyIf);
  return await whenConditionHolds(() =>
    retryConflicts(table, () =>
      table.client.send(
        new PutItemCommand({
          TableName: table.name,
          Item: marshallItem(item),
          ConditionExpression: conditions,
          ...names,
        }),
      ))
  ) !== undefined;
}

/**
 * The items that claims took. One that the table refused is left out, to be claimed another time; were it thrown, those
 * beside it would be claimed and nobody's.
 * @throws the first failure when there are only failures
 */
export async function claimedItems(claims: Promise<Item | undefined>[]): Promise<Item[]> {
  const results = await Promise.allSettled(claims);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined && results.every(({ status }) => status === "rejected")) throw failed.reason;
  return results.flatMap((result) => result.status === "fulfilled" && result.value !== undefined ? [result.value] : []);
}

/**
 * Changes an item.
 * @returns the item after the change, or `undefined` when it is not there or a condition did not hold
 */
export async function updateItem(table: DynamoTable, key: ItemKey, change: Change): Promise<Item | undefined> {
  const result = await whenConditionHolds(() =>
    retryConflicts(table, () =>
      table.client.send(
        new UpdateItemCommand({
          TableName: table.name,
          Key: marshallItem({ ...key }),
          ...updateExpression(change),
          ReturnValues: "ALL_NEW",
        }),
      ))
  );
  return result?.Attributes && unmarshall(result.Attributes);
}

/** Deletes all items of a partition but one; what was deleted already is no trouble. */
export async function deleteOthers(table: DynamoTable, keep: ItemKey): Promise<void> {
  for (;;) {
    const { pk } = keep;
    const items = await queryItems(table, { partition: pk }, DELETED_AT_ONCE + 1);
    const others = items.map(({ sk }) => String(sk)).filter((sk) => sk !== keep.sk);
    if (others.length === 0) return;
    await Promise.all(others.map((sk) => deleteItem(table, { pk, sk })));
  }
}

/** Deletes an item. @returns whether it was there */
export async function deleteItem(table: DynamoTable, key: ItemKey): Promise<boolean> {
  const { Attributes } = await retryConflicts(table, () =>
    table.client.send(
      new DeleteItemCommand({ TableName: table.name, Key: marshallItem({ ...key }), ReturnValues: "ALL_OLD" }),
    ));
  return Attributes !== undefined;
}

/** Reads the items of a range, at most `limit`. Ranges of an index may lag behind writes for some milliseconds. */
export async function queryItems(table: DynamoTable, range: Range, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  let start: QueryCommandInput["ExclusiveStartKey"];
  do {
    const page = await table.client.send(
      new QueryCommand({ ...queryInput(table, range), Limit: limit - items.length, ExclusiveStartKey: start }),
    );
    for (const item of page.Items ?? []) items.push(unmarshall(item));
    start = page.LastEvaluatedKey;
  } while (start !== undefined && items.length < limit);
  return items;
}

/** Counts the items of a range. */
export async function countItems(table: DynamoTable, range: Range): Promise<number> {
  let count = 0;
  let start: QueryCommandInput["ExclusiveStartKey"];
  do {
    const page = await table.client.send(
      new QueryCommand({ ...queryInput(table, range), Select: "COUNT", ExclusiveStartKey: start }),
    );
    count += page.Count ?? 0;
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return count;
}

/** Expressions of an update; every name is an alias, since many plain words are reserved. */
export function updateExpression({ set = {}, add = {}, onlyIf }: Change): {
  UpdateExpression: string;
  ConditionExpression: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues: Record<string, AttributeValue>;
} {
  const { conditions, ExpressionAttributeNames: names, ExpressionAttributeValues: values } = conditionExpression(
    onlyIf,
  );
  const clauses: Record<"SET" | "REMOVE" | "ADD", string[]> = { SET: [], REMOVE: [], ADD: [] };
  for (const [index, [attribute, value]] of Object.entries(set).entries()) {
    names[`#s${index}`] = attribute;
    if (value === undefined) clauses.REMOVE.push(`#s${index}`);
    else {
      clauses.SET.push(`#s${index} = :s${index}`);
      values[`:s${index}`] = marshallValue(value);
    }
  }
  for (const [index, [attribute, value]] of Object.entries(add).entries()) {
    names[`#a${index}`] = attribute;
    clauses.ADD.push(`#a${index} :a${index}`);
    values[`:a${index}`] = marshallValue(value);
  }
  return {
    UpdateExpression: Object.entries(clauses)
      .filter(([, parts]) => parts.length > 0)
      .map(([verb, parts]) => `${verb} ${parts.join(", ")}`)
      .join(" "),
    ConditionExpression: conditions,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

/** An item in DynamoDB's notation; attributes that are `undefined` are left out. */
export function marshallItem(item: Item): Record<string, AttributeValue> {
  return marshall(item, { removeUndefinedValues: true });
}

/**
 * Repeats a write that met a transaction on the same item. The SDK repeats throttled and broken requests by itself, but
 * not these.
 * @param isConflict tells such errors
 */
export async function retryConflicts<T>(
  { clock, random }: Pick<DynamoTable, "clock" | "random">,
  write: () => Promise<T>,
  isConflict: (error: unknown) => boolean = (error) => error instanceof TransactionConflictException,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await write();
    } catch (error) {
      if (attempt === CONFLICT_TRIES || !isConflict(error)) throw error;
      await clock.sleep(random() * CONFLICT_WAIT_MS * 2 ** attempt);
    }
  }
}

function conditionExpression(onlyIf: readonly Condition[]): {
  conditions: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues: Record<string, AttributeValue>;
} {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};
  const parts = onlyIf.map(([attribute, operator, value], index) => {
    names[`#c${index}`] = attribute;
    values[`:c${index}`] = marshallValue(value);
    return `#c${index} ${operator} :c${index}`;
  });
  return { conditions: parts.join(" AND "), ExpressionAttributeNames: names, ExpressionAttributeValues: values };
}

function queryInput(table: DynamoTable, range: Range): QueryCommandInput {
  const { index, partition, where, descending, only = {} } = range;
  const { partitionKey, sortKey } = index ?? TABLE;
  const names: Record<string, string> = { "#p": partitionKey.name };
  const values: Record<string, AttributeValue> = { ":p": marshallValue(partition) };
  let condition = "#p = :p";
  if (where !== undefined) {
    names["#s"] = sortKey.name;
    if (where.operator === "between") {
      condition += " AND #s BETWEEN :from AND :to";
      values[":from"] = marshallValue(where.from);
      values[":to"] = marshallValue(where.to);
    } else {
      condition += ` AND #s ${where.operator} :s`;
      values[":s"] = marshallValue(where.value);
    }
  }
  const filters: string[] = [];
  for (const [name, value] of Object.entries(only)) {
    if (value === undefined) continue;
    const at = filters.length;
    filters.push(`#f${at} = :f${at}`);
    names[`#f${at}`] = name;
    values[`:f${at}`] = marshallValue(value);
  }
  return {
    TableName: table.name,
    IndexName: index?.name,
    ConsistentRead: index === undefined,
    KeyConditionExpression: condition,
    FilterExpression: filters.length === 0 ? undefined : filters.join(" AND "),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ScanIndexForward: descending !== true,
  };
}

/** A single value in DynamoDB's notation. */
function marshallValue(value: unknown): AttributeValue {
  const { value: marshalled } = marshallItem({ value });
  if (marshalled === undefined) throw new TypeError("Cannot store this value: it is undefined");
  return marshalled;
}

async function whenConditionHolds<T>(write: () => Promise<T>): Promise<T | undefined> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

function existingItem(error: unknown): Item {
  if (error instanceof ConditionalCheckFailedException && error.Item !== undefined) return unmarshall(error.Item);
  throw error;
}
