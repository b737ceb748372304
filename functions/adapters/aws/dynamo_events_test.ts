import type { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { batch } from "../../../tests/suites/store_fixture.ts";
import { systemClock } from "../local/system_clock.ts";
import { dynamoEvents } from "./dynamo_events.ts";

describe("dynamoEvents()", () => {
  it("gives a batch that may go the time in seconds, and others none", async () => {
    const items: PutItemCommand["input"]["Item"][] = [];
    const client = {
      send({ input }: PutItemCommand) {
        items.push(input.Item);
        return Promise.resolve({});
      },
    } as unknown as DynamoDBClient;
    const store = dynamoEvents({ client, name: "events", clock: systemClock, random: Math.random });
    await store.appendEvents({ ...batch(1, 1), expiresAt: 1_790_000_000_001 });
    await store.appendEvents(batch(2, 1));
    assertEquals(items.map((item) => item?.["expiresAtS"]), [{ N: "1790000001" }, undefined]);
  });
});
