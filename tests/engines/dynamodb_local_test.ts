import { assertEquals, assertInstanceOf, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { describe, it } from "node:test";
import { startDynamoDbLocal } from "./dynamodb_local.ts";

describe("startDynamoDbLocal()", () => {
  it("answers on loopback with no tables, and is gone after stop()", async (t) => {
    const { engine, skipped } = await startDynamoDbLocal();
    if (engine === undefined) return t.skip(skipped);
    try {
      assertMatch(engine.endpoint, /^http:\/\/127\.0\.0\.1:\d+$/);
      const client = new DynamoDBClient({
        endpoint: engine.endpoint,
        region: "local",
        credentials: { accessKeyId: "local", secretAccessKey: "local" },
      });
      assertEquals((await client.send(new ListTablesCommand({}))).TableNames, []);
      client.destroy();
    } finally {
      await engine.stop();
    }
    await assertRejects(() => fetch(engine.endpoint));
  });

  it("says in one line what is missing", async () => {
    const { engine, skipped } = await startDynamoDbLocal({ PATH: "/nonexistent" });
    assertEquals(engine, undefined);
    assertEquals(skipped, "DynamoDB Local is not started: a JDK of version 17 or newer is not on PATH");
  });

  it("fails instead when CI=true", async () => {
    const error = await assertRejects(() => startDynamoDbLocal({ PATH: "/nonexistent", CI: "true" }));
    assertInstanceOf(error, Error);
    assertStringIncludes(error.message, "CI=true");
  });
});
