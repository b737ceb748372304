import type { CanaryState, CanaryStore } from "../../ports/canary.ts";
import { type DynamoTable, getItem, putNewItem, replaceItem } from "./dynamo_table.ts";

/** The one item; functions that may write nothing else are held to this key. */
export const CANARY_KEY = { pk: "CANARY", sk: "CANARY" } as const;

/** What the canary knows, as one item of the state table: some 40 KB of the 400 KB that an item may have. */
export function dynamoCanary(table: DynamoTable): CanaryStore {
  return {
    async readCanary() {
      const item = await getItem(table, CANARY_KEY);
      return item && { state: JSON.parse(String(item["state"])) as CanaryState, version: Number(item["version"]) };
    },
    async writeCanary(state, version) {
      const item = { ...CANARY_KEY, version: version + 1, state: JSON.stringify(state) };
      if (version === 0) return await putNewItem(table, item) === undefined;
      return await replaceItem(table, item, [["version", "=", version]]);
    },
  };
}
