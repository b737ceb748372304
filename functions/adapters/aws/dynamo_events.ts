import { LeaseLostError } from "../../contract/errors.ts";
import * as v from "valibot";
import { EVENTS_PREFIX, eventsKey, recordingKey } from "../../contract/keys.ts";
import type { EventBatch, EventStore } from "../../ports/event_store.ts";
import { type DynamoTable, putNewItem, queryItems } from "./dynamo_table.ts";

const facts = {
  count: v.number(),
  types: v.record(v.string(), v.number()),
  diamonds: v.number(),
  firstAt: v.number(),
  lastAt: v.number(),
};

/** Attributes of a stored batch, as plain values. */
export const EventBatchItem = v.object({
  recordingId: v.string(),
  seq: v.number(),
  token: v.number(),
  ...facts,
  body: v.instance(Uint8Array),
  upTo: v.exactOptional(v.string()),
});

/** The event log in DynamoDB: one item for each batch. */
export function dynamoEvents(table: DynamoTable): EventStore {
  const lastBatch = async (recordingId: string): Promise<EventBatch | undefined> => {
    const [item] = await queryItems(table, { ...allEvents(recordingId), descending: true }, 1);
    return item && v.parse(EventBatchItem, item);
  };
  /** @returns the token under which the place is taken, which may be the batch's own */
  const take = async (batch: EventBatch): Promise<number> => {
    const { recordingId, seq, token, count, types, diamonds, firstAt, lastAt, body, upTo, expiresAt } = batch;
    const item = { recordingId, seq, token, count, types, diamonds, firstAt, lastAt, body, upTo };
    const expiresAtS = expiresAt === undefined ? undefined : Math.ceil(expiresAt / 1000);
    const existing = await putNewItem(table, { ...eventsKey(recordingId, seq), ...item, expiresAtS });
    return existing === undefined ? token : v.parse(EventBatchItem, existing).token;
  };
  return {
    async openEvents({ recordingId, token }, now) {
      // Each turn finds a batch that another recorder has just written; recorders of lower tokens do not write on.
      for (;;) {
        const last = await lastBatch(recordingId);
        if (last !== undefined && last.token > token) throw new LeaseLostError(recordingId, token);
        const seq = (last?.seq ?? 0) + 1;
        if (last?.token === token) return seq;
        const mark = { count: 0, types: {}, diamonds: 0, firstAt: now, lastAt: now, body: new Uint8Array() };
        if (await take({ recordingId, seq, token, ...mark }) === token) return seq + 1;
      }
    },
    async appendEvents(batch) {
      if (await take(batch) !== batch.token) throw new LeaseLostError(batch.recordingId, batch.token);
    },
    async listEvents(recordingId, { after, limit }) {
      const items = await queryItems(table, allEvents(recordingId, after + 1), limit);
      return items.map((item) => v.parse(EventBatchItem, item));
    },
  };
}

const allEvents = (recordingId: string, from = 0) => ({
  partition: recordingKey(recordingId).pk,
  where: { operator: "between", from: eventsKey(recordingId, from).sk, to: `${EVENTS_PREFIX}~` } as const,
});
