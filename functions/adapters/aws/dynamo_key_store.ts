import * as v from "valibot";
import { KEY_LIST_PARTITION, keyKey } from "../../contract/keys.ts";
import { SCOPES } from "../../contract/scopes.ts";
import type { ApiKey, KeyStore } from "../../ports/key_store.ts";
import {
  deleteItem,
  type DynamoTable,
  getItem,
  type Item,
  putNewItem,
  queryItems,
  updateItem,
} from "./dynamo_table.ts";
import { LIST_INDEX } from "./table.ts";

const KeyItem = v.object({
  id: v.string(),
  hash: v.string(),
  name: v.string(),
  scopes: v.array(v.picklist(SCOPES)),
  requestsPerMinute: v.number(),
  createdAt: v.number(),
});

const BucketItem = v.object({ fullAt: v.number() });

/** API keys in the DynamoDB table. */
export function dynamoKeyStore(table: DynamoTable): KeyStore {
  return {
    async addKey(key) {
      const item = { ...keyKey(key.id), listPartition: KEY_LIST_PARTITION, listOrder: key.id, ...key, fullAt: 0 };
      if (await putNewItem(table, item) !== undefined) {
        throw new Error(`Cannot add key ${key.id}: there is one already`);
      }
    },
    async getKey(id) {
      const item = await getItem(table, keyKey(id));
      return item && toKey(item);
    },
    async listKeys({ limit, cursor }) {
      const found = await queryItems(table, {
        index: LIST_INDEX,
        partition: KEY_LIST_PARTITION,
        where: cursor === undefined ? undefined : { operator: ">", value: cursor },
      }, limit + 1);
      const items = found.slice(0, limit).map(toKey);
      return { items, cursor: found.length > limit ? items.at(-1)?.id : undefined };
    },
    async deleteKey(id) {
      return await deleteItem(table, keyKey(id));
    },
    async takeToken(id, now, { capacity, intervalMs }) {
      // Which of the two holds is decided where the number is, so no process counts with an old one.
      const fresh = await updateItem(table, keyKey(id), {
        set: { fullAt: now + intervalMs },
        onlyIf: [["fullAt", "<=", now]],
      });
      const item = fresh ?? await updateItem(table, keyKey(id), {
        add: { fullAt: intervalMs },
        onlyIf: [["fullAt", ">", now], ["fullAt", "<=", now + (capacity - 1) * intervalMs]],
      });
      const state = item ?? await getItem(table, keyKey(id));
      return state && { taken: item !== undefined, fullAt: v.parse(BucketItem, state).fullAt };
    },
  };
}

function toKey(item: Item): ApiKey {
  return v.parse(KeyItem, item);
}
