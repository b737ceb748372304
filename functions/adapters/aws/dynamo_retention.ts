import { DELETION_DUE_PARTITION, EVENTS_PREFIX, recordingKey } from "../../contract/keys.ts";
import type { RetentionStore } from "../../ports/retention_store.ts";
import { toRecording } from "./dynamo_recordings.ts";
import { deleteItem, type DynamoTable, eventsTable, getItem, queryItems, updateItem } from "./dynamo_table.ts";
import { DUE_INDEX } from "./table.ts";

/** Batches of events that are removed at the same time. */
const AT_ONCE = 25;

/** What retention needs of DynamoDB. */
export function dynamoRetention(table: DynamoTable): RetentionStore {
  const eventLog = eventsTable(table);
  return {
    async keepRecording(id, kept) {
      const changed = await updateItem(table, recordingKey(id), { set: { kept }, onlyIf: [["id", "=", id]] });
      return changed && toRecording(changed);
    },
    async listDeletions(limit) {
      const items = await queryItems(table, { index: DUE_INDEX, partition: DELETION_DUE_PARTITION }, limit);
      return items.map(toRecording);
    },
    async deleteEvents(id, now) {
      const key = recordingKey(id);
      const item = await getItem(table, key);
      if (item === undefined || toRecording(item).state !== "finished") return false;
      const range = { from: EVENTS_PREFIX, to: `${EVENTS_PREFIX}~` };
      const events = { partition: key.pk, where: { operator: "between", ...range } } as const;
      const [last] = await queryItems(eventLog, { ...events, descending: true }, 1);
      if (last !== undefined) {
        // A recorder that goes on with the recording meanwhile writes behind this place.
        const end = String(last["sk"]);
        const older = { ...events, where: { operator: "between", from: EVENTS_PREFIX, to: end } } as const;
        for (;;) {
          const keys = (await queryItems(eventLog, older, AT_ONCE + 1)).map(({ sk }) => String(sk));
          const doomed = keys.filter((sk) => sk !== end);
          if (doomed.length === 0) break;
          await Promise.all(doomed.map((sk) => deleteItem(eventLog, { pk: key.pk, sk })));
        }
        await updateItem(eventLog, { pk: key.pk, sk: end }, {
          set: { count: 0, types: {}, diamonds: 0, body: new Uint8Array() },
          onlyIf: [["recordingId", "=", id]],
        });
      }
      const set = { eventsDeletedAt: now };
      return await updateItem(table, key, { set, onlyIf: [["state", "=", "finished"]] }) !== undefined;
    },
  };
}
