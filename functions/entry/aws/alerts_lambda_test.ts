import { assertEquals, assertRejects } from "@std/assert";
import { after, before, describe, it } from "node:test";
import process from "node:process";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../../../tests/engines/dynamodb_table.ts";
import { type AwsServices, startAwsServices } from "../../../tests/fakes/aws_services.ts";
import { answer, startReceiver, type WebhookReceiver } from "../../../tests/fakes/webhook_receiver.ts";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { AlertFacts } from "../../ports/alert_store.ts";
import type { Store } from "../../ports/store.ts";

const TABLE_NAME = "alerts-lambda-test";
const PARAMETER = "/roomtone/test/hook";
const { engine, skipped } = await startDynamoDbLocal();

describe("the function that delivers alerts", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});

  let aws: AwsServices;
  let receiver: WebhookReceiver;
  let store: Store;
  const client = localDynamoDb(engine.endpoint);
  const envBefore = { ...process.env };

  before(async () => {
    await createTable(client, TABLE_NAME);
    store = dynamoStore({ client, name: TABLE_NAME, clock: systemClock, random: Math.random });
    aws = await startAwsServices();
    receiver = await startReceiver();
    const url = `http://127.0.0.1:${receiver.port}/`;
    Object.assign(process.env, {
      ...aws.env,
      ROOMTONE_TABLE_NAME: TABLE_NAME,
      ROOMTONE_DYNAMODB_URL: engine.endpoint,
      ROOMTONE_ALERTS: JSON.stringify({
        allowLoopback: true,
        targets: [{ name: "ops", url, secretParameter: PARAMETER }],
      }),
    });
  });
  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in envBefore)) delete process.env[name];
    Object.assign(process.env, envBefore);
    client.destroy();
    await receiver.stop();
    await aws.stop();
    await engine.stop();
  });

  it("delivers what is due, and comes back to what failed, also to its own secret", async () => {
    const { handler } = await import("./alerts.lambda.ts");
    const call = () => handler({}, { getRemainingTimeInMillis: () => 50_000 });
    const facts: AlertFacts = {
      ...{ id: "live_started:7", kind: "live_started", recordingId: "7", username: "some.host", at: 5 },
      data: { title: "Tea" },
    };
    await store.putAlert(facts, { now: Date.now(), expiresAt: Date.now() + 86_400_000 });
    await assertRejects(call);
    aws.parameters.set(PARAMETER, `whsec_${"QUJD".repeat(10)}`);
    receiver.behave(answer(500));
    assertEquals(await call(), { delivered: 0, failed: 1, dead: 0 });
    assertEquals(await call(), { delivered: 0, failed: 0, dead: 0 });
    const pending = await store.getAlert(facts.id);
    assertEquals([pending?.state, pending?.deliveries["ops"]?.tries], ["pending", 1]);

    receiver.behave(answer(200));
    const soon = { state: "pending", dueAt: Date.now(), deliveries: {}, expiresAt: Date.now() + 86_400_000 } as const;
    assertEquals(await store.settleAlert({ id: facts.id, claimToken: pending?.claimToken ?? 0 }, soon), true);
    assertEquals(await call(), { delivered: 1, failed: 0, dead: 0 });
    assertEquals(receiver.hooks.map(({ headers }) => headers["webhook-id"]), [facts.id, facts.id]);
    assertEquals((await store.getAlert(facts.id))?.state, "delivered");
  });
});
