import { DeleteTableCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { assert, assertEquals } from "@std/assert";
import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, it } from "node:test";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../../../tests/engines/dynamodb_table.ts";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { ManualClock, until } from "../../../tests/fakes/manual_clock.ts";
import { answerStoreSuite } from "../../../tests/suites/answer_store_suite.ts";
import type { AnswerStore } from "../../ports/answer_store.ts";
import type { Clock } from "../../ports/clock.ts";
import { dynamoAnswers } from "./dynamo_answers.ts";

const { engine, skipped } = await startDynamoDbLocal();
const T0 = 1_760_000_000_000;
const times = { storedAt: T0, freshUntil: T0 + 10_000, keepUntil: T0 + 300_500 };

describe("dynamoAnswers()", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  after(() => engine.stop());

  const makeStore = async (clock: Clock) => {
    const client = localDynamoDb(engine.endpoint);
    const name = `t${randomUUID()}`;
    await createTable(client, name);
    const logger = new CaptureLogger();
    return {
      ...{ client, name, logger },
      store: dynamoAnswers({ client, name, clock, random: Math.random }, logger),
      async close() {
        await client.send(new DeleteTableCommand({ TableName: name }));
        client.destroy();
      },
    };
  };

  answerStoreSuite("dynamoAnswers()", makeStore);

  it("tells the table in which second an answer is over, and keeps it packed", async () => {
    const { store, client, name, close } = await makeStore(new ManualClock(T0));
    try {
      await store.putAnswer("a", { body: "x".repeat(10_000), ...times });
      const Key = { pk: { S: "ANSWER#a" }, sk: { S: "ANSWER" } };
      const { Item } = await client.send(new GetItemCommand({ TableName: name, Key }));
      assertEquals(Item?.expiresAtS, { N: String(T0 / 1_000 + 301) });
      assert((Item?.body?.B?.length ?? Infinity) < 200);
    } finally {
      await close();
    }
  });

  it("does not keep what is too big for an item, and goes on", async () => {
    const { store, logger, close } = await makeStore(new ManualClock(T0));
    try {
      await store.putAnswer("a", { body: "small", ...times });
      await store.putAnswer("a", { body: randomBytes(400_000).toString("base64"), ...times });
      assertEquals((await store.getAnswer("a"))?.body, "small");
      assertEquals(logger.events(), []);
    } finally {
      await close();
    }
  });
});

describe("dynamoAnswers() with a table in trouble", () => {
  /** Runs a test with a store whose table is a server that answers so. */
  async function withTable(
    answer: RequestListener,
    test: (store: AnswerStore, clock: ManualClock, logger: CaptureLogger) => Promise<void>,
  ): Promise<void> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "local",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      maxAttempts: 1,
    });
    const clock = new ManualClock(T0);
    const logger = new CaptureLogger();
    try {
      await test(dynamoAnswers({ client, name: "t", clock, random: Math.random }, logger), clock, logger);
    } finally {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  it("has no answers while it is throttled, says so once, and asks again later", async () => {
    let asked = 0;
    await withTable((request, response) => {
      asked++;
      const type = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
      request.resume().on("end", () => {
        response.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
        response.end(JSON.stringify({ __type: type, message: "slow down" }));
      });
    }, async (store, clock, logger) => {
      const together = [store.getAnswer("a"), store.getAnswer("b"), store.putAnswer("c", { body: "1", ...times })];
      assertEquals(await Promise.all(together), [undefined, undefined, undefined]);
      assertEquals([asked, logger.events()], [3, ["answers_not_kept"]]);
      await store.putAnswer("a", { body: "1", ...times });
      assertEquals(await store.getAnswer("a"), undefined);
      assertEquals(asked, 3);
      await clock.advance(10_000);
      assertEquals(await store.getAnswer("a"), undefined);
      assertEquals([asked, logger.events().length], [4, 2]);
    });
  });

  it("waits half a second for it, and no longer", async () => {
    let asked = 0;
    await withTable(() => void asked++, async (store, clock, logger) => {
      const answer = store.getAnswer("a");
      await until(() => asked === 1);
      await clock.advance(499);
      assertEquals(logger.events(), []);
      await clock.advance(1);
      assertEquals(await answer, undefined);
      assertEquals([logger.events(), clock.sleeping()], [["answers_not_kept"], 0]);
    });
  });
});
