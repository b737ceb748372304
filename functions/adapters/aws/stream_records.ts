import type { AttributeValue as ClientValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import * as v from "valibot";
import type { ChangeRecord } from "../../ports/change_feed.ts";
import type { EventBatch } from "../../ports/event_store.ts";
import { EventBatchItem } from "./dynamo_events.ts";

const Image = v.looseObject({ body: v.object({ B: v.string() }) });

/**
 * A record of the table's stream, as Lambda passes it on, in the words of the change feed. One that holds no batch in a
 * known shape is passed on without one.
 */
export function toChangeRecord({ dynamodb }: DynamoDBRecord): ChangeRecord {
  return {
    sequenceNumber: dynamodb?.SequenceNumber ?? "",
    key: dynamodb?.Keys?.["pk"]?.S ?? "",
    batch: readBatch(dynamodb?.NewImage),
  };
}

function readBatch(image: unknown): EventBatch | undefined {
  const read = v.safeParse(Image, image);
  if (!read.success) return undefined;
  const { body, ...rest } = read.output;
  try {
    const bytes = Uint8Array.from(atob(body.B), (char) => char.charCodeAt(0));
    const item = { ...unmarshall(rest as Record<string, ClientValue>), body: bytes };
    const batch = v.safeParse(EventBatchItem, item);
    return batch.success ? batch.output : undefined;
  } catch {
    // Broken base64, or a value that is not in DynamoDB's notation.
    return undefined;
  }
}
