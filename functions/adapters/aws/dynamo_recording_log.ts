import { TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import * as v from "valibot";
import { LOG_PREFIX, logKey, logPlace, recordingKey } from "../../contract/keys.ts";
import type { RecordingLogStore } from "../../ports/recording_log_store.ts";
import { failedConditions, isConflict } from "./dynamo_recordings.ts";
import { type DynamoTable, marshallItem, queryItems, retryConflicts } from "./dynamo_table.ts";

const BatchItem = v.object({
  at: v.number(),
  batchId: v.string(),
  lines: v.pipe(
    v.string(),
    v.parseJson(),
    v.array(v.object({
      at: v.number(),
      level: v.picklist(["info", "warn", "error"]),
      event: v.string(),
      fields: v.record(v.string(), v.unknown()),
    })),
  ),
});

/** Logs of recordings in DynamoDB's state table: an item for each batch, beside the recording, so that it goes with it. */
export function dynamoRecordingLog(table: DynamoTable): RecordingLogStore {
  return {
    async appendLog(recordingId, { at, id: batchId, lines }) {
      const write = new TransactWriteItemsCommand({
        TransactItems: [
          {
            ConditionCheck: {
              TableName: table.name,
              Key: marshallItem({ ...recordingKey(recordingId) }),
              ConditionExpression: "attribute_exists(pk) AND #s <> :deleting",
              ExpressionAttributeNames: { "#s": "state" },
              ExpressionAttributeValues: marshallItem({ ":deleting": "deleting" }),
            },
          },
          {
            Put: {
              TableName: table.name,
              Item: marshallItem({ ...logKey(recordingId, at, batchId), at, batchId, lines: JSON.stringify(lines) }),
            },
          },
        ],
      });
      try {
        await retryConflicts(table, () => table.client.send(write), isConflict);
        return true;
      } catch (error) {
        if (failedConditions(error)[0] === true) return false;
        throw error;
      }
    },
    async readLog(recordingId, after, limit) {
      // The batch that holds the place may have lines behind it.
      const from = LOG_PREFIX + after.split("-").slice(0, 2).join("-");
      const items = await queryItems(table, {
        partition: recordingKey(recordingId).pk,
        where: { operator: "between", from, to: `${LOG_PREFIX}~` },
      }, limit + 1);
      const found = items.map((item) => v.parse(BatchItem, item)).flatMap(({ at, batchId, lines }) =>
        lines.map((line, index) => ({ line, place: logPlace(at, batchId, index) }))
      ).filter(({ place }) => place > after).slice(0, limit);
      return { lines: found.map(({ line }) => line), after: found.at(-1)?.place ?? after };
    },
  };
}
