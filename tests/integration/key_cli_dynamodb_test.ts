/**
 * `roomtone key` on the DynamoDB table, as an operator of the system on AWS uses it.
 * @module
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { runCli } from "../../cli/cli.ts";
import { dynamoKeyStore } from "../../functions/adapters/aws/dynamo_key_store.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { admit } from "../../functions/core/api_keys.ts";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../engines/dynamodb_table.ts";

const { engine, skipped } = await startDynamoDbLocal();
const NOW = 1_760_000_000_000;
const TABLE_NAME = "keys";

describe("roomtone key with a DynamoDB table", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});

  let client: DynamoDBClient;
  const envBefore = { ...process.env };

  before(async () => {
    // The AWS SDK reads region and credentials from the process itself.
    Object.assign(process.env, { AWS_REGION: "local", AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" });
    client = localDynamoDb(engine.endpoint);
    await createTable(client, TABLE_NAME);
  });
  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in envBefore)) delete process.env[name];
    Object.assign(process.env, envBefore);
    client.destroy();
    await engine.stop();
  });

  async function run(argv: string[], tableName = TABLE_NAME) {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCli(["key", ...argv], {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      status: () => undefined,
      env: { ROOMTONE_TABLE_NAME: tableName, ROOMTONE_DYNAMODB_URL: engine?.endpoint },
      signal: new AbortController().signal,
      now: () => NOW,
    });
    return { code, out, err };
  }

  it("makes a key that the functions take, lists it, and deletes it", async () => {
    const { code, out: [secret = ""] } = await run(["create", "--scope", "write", "--name", "ops"]);
    const id = secret.split("_")[1] ?? "";
    assertEquals(code, 0);
    const keys = dynamoKeyStore({ client, name: TABLE_NAME, clock: systemClock, random: Math.random });
    assertEquals((await admit({ keys, now: NOW }, secret, "write")).key.name, "ops");
    assertEquals((await run(["ls"])).out, [`${id}  write  600/min  since 2025-10-09  ops`]);
    assertEquals((await run(["rm", id])).out, [`- ${id}`]);
    assertEquals([(await run(["rm", id])).code, (await run(["ls"])).out], [1, []]);
  });

  it("lists all keys in order of their ids", async () => {
    const made = await Promise.all(Array.from({ length: 12 }, () => run(["create"])));
    const ids = made.map(({ out: [secret = ""] }) => secret.split("_")[1]);
    const listed = (await run(["ls", "--json"])).out.map((line) => JSON.parse(line).id);
    assertEquals(listed, ids.toSorted());
  });

  it("says what is wrong, and makes nothing of it", async () => {
    const { code, out, err } = await run(["create"], "no-such-table");
    assertEquals([code, out], [1, []]);
    assertStringIncludes(err.join("\n"), "table");
    assert(!err.join("\n").includes("rtk_"), "no key is shown that does not work");
  });
});
