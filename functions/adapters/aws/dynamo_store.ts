import type { Store } from "../../ports/store.ts";
import { dynamoEvents, dynamoTotals } from "./dynamo_events.ts";
import { dynamoRecordings } from "./dynamo_recordings.ts";
import { dynamoRetention } from "./dynamo_retention.ts";
import type { DynamoTable } from "./dynamo_table.ts";
import { dynamoWatches } from "./dynamo_watches.ts";

/**
 * The store in one DynamoDB table of the shape in `table.ts`.
 * @param table the client, the table's name, and time and chance for repeated writes
 */
export function dynamoStore(table: DynamoTable): Store {
  return {
    ...dynamoWatches(table),
    ...dynamoRecordings(table),
    ...dynamoEvents(table),
    ...dynamoTotals(table),
    ...dynamoRetention(table),
  };
}
