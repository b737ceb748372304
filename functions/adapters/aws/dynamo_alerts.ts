import * as v from "valibot";
import { ALERT_KINDS, ALERT_STATES } from "../../contract/alerts.ts";
import { ALERT_DUE_PARTITION, alertKey, alertListPartition, recordingListOrder } from "../../contract/keys.ts";
import type { Alert, AlertStore } from "../../ports/alert_store.ts";
import {
  claimedItems,
  type DynamoTable,
  getItem,
  type Item,
  putNewItem,
  queryItems,
  updateItem,
} from "./dynamo_table.ts";
import { DUE_INDEX, LIST_INDEX } from "./table.ts";

const Delivery = v.object({
  state: v.picklist(ALERT_STATES),
  tries: v.number(),
  dueAt: v.optional(v.number()),
  triedAt: v.optional(v.number()),
  problem: v.optional(v.string()),
});

// As text, since maps of DynamoDB have no order, and an alert is to have the same words in every try.
const AlertItem = v.object({
  id: v.string(),
  kind: v.picklist(ALERT_KINDS),
  recordingId: v.string(),
  username: v.string(),
  at: v.number(),
  data: v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown())),
  raisedAt: v.number(),
  state: v.picklist(ALERT_STATES),
  dueAt: v.optional(v.number()),
  claimToken: v.number(),
  deliveries: v.pipe(v.string(), v.parseJson(), v.record(v.string(), Delivery)),
});

/** Times as many are read as are claimed: the first ones may be settled already, which the index shows a moment later. */
const INDEX_AHEAD = 4;

/** Alerts in DynamoDB's state table. */
export function dynamoAlerts(table: DynamoTable): AlertStore {
  return {
    async putAlert({ id, kind, recordingId, username, at, data }, { now, expiresAt }) {
      const item = {
        ...alertKey(id),
        duePartition: ALERT_DUE_PARTITION,
        listPartition: alertListPartition("pending"),
        listOrder: recordingListOrder(now, id),
        ...{ id, kind, recordingId, username, at },
        data: JSON.stringify(data),
        raisedAt: now,
        state: "pending",
        dueAt: now,
        claimToken: 0,
        deliveries: "{}",
        expiresAtS: Math.ceil(expiresAt / 1000),
      };
      return await putNewItem(table, item) === undefined;
    },
    async getAlert(id) {
      const item = await getItem(table, alertKey(id));
      return item && toAlert(item);
    },
    async listAlerts(state, { limit, cursor }) {
      const found = await queryItems(table, {
        index: LIST_INDEX,
        partition: alertListPartition(state),
        where: cursor === undefined ? undefined : { operator: "<", value: cursor },
        descending: true,
      }, limit + 1);
      const items = found.slice(0, limit).map(toAlert);
      const last = items.at(-1);
      const more = found.length > limit && last !== undefined;
      return { items, cursor: more ? recordingListOrder(last.raisedAt, last.id) : undefined };
    },
    async claimAlerts({ now, leaseMs, limit }) {
      const where = { operator: "<=", value: now } as const;
      const range = { index: DUE_INDEX, partition: ALERT_DUE_PARTITION, where };
      const due = (await queryItems(table, range, limit * INDEX_AHEAD)).map(toAlert);
      for (let from = 0; from < due.length; from += limit) {
        const claims = due.slice(from, from + limit).map(({ id }) =>
          updateItem(table, alertKey(id), {
            set: { dueAt: now + leaseMs },
            add: { claimToken: 1 },
            onlyIf: [["dueAt", "<=", now]],
          })
        );
        const claimed = await claimedItems(claims);
        if (claimed.length > 0) return claimed.map(toAlert);
      }
      return [];
    },
    async settleAlert({ id, claimToken }, { state, dueAt, deliveries, expiresAt }) {
      const changed = await updateItem(table, alertKey(id), {
        set: {
          state,
          duePartition: dueAt === undefined ? undefined : ALERT_DUE_PARTITION,
          listPartition: alertListPartition(state),
          dueAt,
          deliveries: JSON.stringify(deliveries),
          expiresAtS: Math.ceil(expiresAt / 1000),
        },
        add: { claimToken: 1 },
        onlyIf: [["claimToken", "=", claimToken]],
      });
      return changed !== undefined;
    },
  };
}

function toAlert(item: Item): Alert {
  return v.parse(AlertItem, item);
}
