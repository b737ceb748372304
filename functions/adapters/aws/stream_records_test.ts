import { assertEquals } from "@std/assert";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { AttributeValue, DynamoDBRecord } from "aws-lambda";
import { describe, it } from "node:test";
import { toChangeRecord } from "./stream_records.ts";

const batch = {
  recordingId: "7300000000000000001",
  seq: 2,
  token: 1,
  count: 3,
  types: { chat: 2, gift: 1 },
  diamonds: 5,
  firstAt: 1_760_000_000_000,
  lastAt: 1_760_000_000_009,
};
const body = new Uint8Array([0x1f, 0x8b, 0, 255]);

/** A record as Lambda passes it on: bytes are base64. */
function record(image: object | undefined): DynamoDBRecord {
  return {
    eventName: "INSERT",
    dynamodb: {
      SequenceNumber: "111",
      Keys: { pk: { S: "RECORDING#1" } },
      NewImage: image as Record<string, AttributeValue> | undefined,
    },
  };
}

const image: Record<string, unknown> = {
  ...marshall({ pk: "RECORDING#1", sk: "EVENTS#2", ...batch }),
  body: { B: btoa(String.fromCharCode(...body)) },
};

describe("toChangeRecord()", () => {
  it("reads a batch", () => {
    assertEquals(toChangeRecord(record(image)), {
      sequenceNumber: "111",
      key: "RECORDING#1",
      batch: { ...batch, body },
    });
  });

  it("reads the mark of a recorder, which has no body", () => {
    assertEquals(toChangeRecord(record({ ...image, body: { B: "" } })).batch?.body, new Uint8Array());
  });

  it("passes what is not a batch on without one", () => {
    const { seq: _, ...incomplete } = image;
    for (
      const other of [
        undefined,
        {},
        incomplete,
        { ...image, body: { B: "%" } },
        { ...image, body: { S: "text" } },
        { ...image, count: { S: "3" } },
        { ...image, count: { N: "many" } },
        { ...image, types: {} },
      ]
    ) assertEquals(toChangeRecord(record(other)), { sequenceNumber: "111", key: "RECORDING#1", batch: undefined });
    assertEquals(toChangeRecord({}), { sequenceNumber: "", key: "", batch: undefined });
  });
});
