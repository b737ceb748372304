import type { Store } from "../../ports/store.ts";
import { dynamoAlerts } from "./dynamo_alerts.ts";
import { dynamoEvents } from "./dynamo_events.ts";
import { dynamoRecordingLog } from "./dynamo_recording_log.ts";
import { dynamoRecordings } from "./dynamo_recordings.ts";
import { dynamoRetention } from "./dynamo_retention.ts";
import { type DynamoTable, eventsTable } from "./dynamo_table.ts";
import { dynamoTotals } from "./dynamo_totals.ts";
import { dynamoWatches } from "./dynamo_watches.ts";

/**
 * The store in two DynamoDB tables of the shapes in `table.ts`: state, and the events beside it.
 * @param table the client, the state table's name, and time and chance for repeated writes
 */
export function dynamoStore(table: DynamoTable): Store {
  return {
    ...dynamoWatches(table),
    ...dynamoRecordings(table),
    ...dynamoRecordingLog(table),
    ...dynamoEvents(eventsTable(table)),
    ...dynamoTotals(table),
    ...dynamoRetention(table),
    ...dynamoAlerts(table),
  };
}
