/**
 * Events out of the stream of the DynamoDB events table, for a Lambda function of one's own on that stream.
 * @module
 */
import type { DynamoDBRecord } from "aws-lambda";
import { toChangeRecord } from "./adapters/aws/stream_records.ts";
import { unpackEvents } from "./core/event_batches.ts";
import { PeopleCache, PeopleReader } from "./core/event_people.ts";
import type { EventBatchFacts } from "./ports/event_store.ts";

/** An event as the API answers it: `type`, `id`, `at`, and the fields of its type. */
export type RecordedEvent = Record<string, unknown> & { type: string };

/** A batch of events of one recording, in order. */
export interface RecordedBatch extends EventBatchFacts {
  /** Of the stream record, for `batchItemFailures`. */
  sequenceNumber: string;
  recordingId: string;
  /** Place in the recording's log; grows. The same batch may come twice. */
  seq: number;
  events: RecordedEvent[];
}

/**
 * Makes what unpacks stream records. Keep it outside the handler: it remembers the people whom the log tells about once,
 * 10,000 of them. Of somebody whom it has not seen an event has the id, and empty fields; gifts always have the names.
 * @returns a function that gives the batches of an invocation, in its order; records that add no events are left out.
 *   It throws a TypeError that names the record which holds no batch in a known shape
 *
 * @example
 * ```ts
 * import { streamUnpacker } from "@roomtone/functions/stream";
 * import type { DynamoDBStreamEvent } from "aws-lambda";
 *
 * const unpack = streamUnpacker();
 *
 * export async function handler({ Records }: DynamoDBStreamEvent): Promise<void> {
 *   for (const { recordingId, events } of await unpack(Records)) {
 *     for (const event of events) if (event.type === "chat") console.log(recordingId, event.user, event.text);
 *   }
 * }
 * ```
 */
export function streamUnpacker(): (records: readonly DynamoDBRecord[]) => Promise<RecordedBatch[]> {
  const cache = new PeopleCache();
  return async (records) => {
    const batches: RecordedBatch[] = [];
    for (const record of records) {
      if (record.eventName !== "INSERT") continue;
      const { sequenceNumber, batch } = toChangeRecord(record);
      if (batch === undefined) throw new TypeError(`Unpack stream record ${sequenceNumber}: it holds no event batch`);
      const { recordingId, seq, count, types, diamonds, firstAt, lastAt } = batch;
      if (count === 0) continue;
      const people = new PeopleReader(recordingId, cache);
      const events = (await unpackEvents(batch)).map((line, i) => {
        const event = JSON.parse(line) as RecordedEvent;
        people.remember(`${seq}-${i}`, event);
        people.want(event);
        return people.restore(event);
      });
      batches.push({ sequenceNumber, recordingId, seq, count, types, diamonds, firstAt, lastAt, events });
    }
    return batches;
  };
}
