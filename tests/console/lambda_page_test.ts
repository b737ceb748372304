/**
 * The console as AWS serves it: the built bundle of the system's function, in a Node 24 process of its own, behind a
 * small server that makes events of an HTTP API out of requests, over DynamoDB Local and the stand-in.
 * @module
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { dynamoKeyStore } from "../../functions/adapters/aws/dynamo_key_store.ts";
import { dynamoStore } from "../../functions/adapters/aws/dynamo_store.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { buildLambda } from "../../scripts/build_functions.ts";
import { ROOT } from "../../scripts/tools.mjs";
import { type ChromiumStart, startChromium } from "../engines/chromium.ts";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../engines/dynamodb_table.ts";
import { type AwsServices, BUCKET, startAwsServices } from "../fakes/aws_services.ts";
import { apiGatewayEvent } from "../fakes/lambda_events.ts";
import { type LambdaHost, startLambda } from "../fakes/lambda_host.ts";
import { assertAccessible, shoot } from "./console_world.ts";

const KEY = `rtk_0000000000aa_${"0".repeat(64)}`;
const RUNNING = "7300000000000000001";

const { engine, skipped: noTable } = await startDynamoDbLocal();
const chromium: ChromiumStart = await startChromium();
const skipped = chromium.skipped ?? noTable;
const { browser } = chromium;

describe("the console on AWS", () => {
  if (engine === undefined || browser === undefined) {
    after(async () => {
      await browser?.close();
      await engine?.stop();
    });
    return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  }

  let folder: string;
  let aws: AwsServices;
  let client: DynamoDBClient;
  let host: LambdaHost;
  let gateway: Server;
  let url: string;

  before(async () => {
    aws = await startAwsServices();
    client = localDynamoDb(engine.endpoint);
    await createTable(client, "console-page");
    const table = { client, name: "console-page", clock: systemClock, random: Math.random };
    await dynamoKeyStore(table).addKey({
      ...{ id: "0000000000aa", scopes: ["lookup", "read", "write"], hash: hash("sha256", KEY) },
      ...{ name: "", requestsPerMinute: 1_000, createdAt: Date.now() },
    });
    const store = dynamoStore(table);
    const now = Date.now();
    await store.wantRecording({ roomId: RUNNING, username: "some.host", title: "Tea" }, now);
    await store.claimRecordings({ owner: "task-1", now, leaseMs: 3_600_000, limit: 1 });
    const line = { at: now, level: "info", event: "recording_started", fields: { part: 1 } } as const;
    await store.appendLog(RUNNING, { at: now, id: "a", lines: [line] });

    mkdirSync(join(ROOT, "dist"), { recursive: true });
    // Below the clone, so that the AWS SDK is found, which Lambda has at hand for its functions.
    folder = mkdtempSync(join(ROOT, "dist", "page-"));
    const file = join(folder, "system", "index.mjs");
    buildLambda("system", file);
    host = startLambda(file, {
      ...aws.env,
      ROOMTONE_TABLE_NAME: "console-page",
      ROOMTONE_BUCKET_NAME: BUCKET,
      ROOMTONE_ECS_CLUSTER: "cluster",
      ROOMTONE_ECS_TASK_DEFINITION: "recorder:1",
      ROOMTONE_ECS_SUBNETS: "subnet-1",
      ROOMTONE_ECS_SECURITY_GROUPS: "sg-1",
      ROOMTONE_DYNAMODB_URL: engine.endpoint,
    });
    gateway = createServer((request, response) => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      host.invoke(apiGatewayEvent(request.method ?? "GET", request.url ?? "/", headers)).then((answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers as Record<string, string>);
        response.end(Buffer.from(answer.body ?? "", answer.isBase64Encoded ? "base64" : "utf8"));
      }, (error: unknown) => response.writeHead(502).end(String(error)));
    });
    await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  });
  after(async () => {
    await browser.close();
    gateway.closeAllConnections();
    await new Promise((resolve) => gateway.close(resolve));
    await host.stop();
    client.destroy();
    await aws.stop();
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("asks for a key, then shows what the table knows, and says what it does not know", async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "dark" });
    page.setDefaultTimeout(30_000);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // Without a key, and for numbers that are elsewhere, the server says no.
      if (message.type() === "error" && !/status of 40[14]/.test(message.text())) complaints.push(message.text());
    });
    const answer = await page.goto(`${url}/#/system`);
    const policy = await answer?.headerValue("content-security-policy");
    assertStringIncludes(policy ?? "", `media-src 'self' blob: ${aws.env["AWS_ENDPOINT_URL_S3"]}`);
    await page.getByRole("dialog", { name: "API key" }).getByLabel("Key").fill(KEY);
    await page.keyboard.press("Enter");
    await page.getByText("API and store work").waitFor();
    await page.getByText("task-1: 1 of 8 slots used, 7 free").waitFor();
    await page.getByText("recorders on AWS have disks of their own").waitFor();
    await assertAccessible(page);
    await shoot(page, "system_aws");
    // Its answers come whole, so that events are waited for one answer at a time.
    const waits = page.waitForRequest((request) => /\/events\?.*waitMs=20000/.test(request.url()));
    await page.getByRole("link", { name: "@some.host" }).click();
    await page.getByText("Log of this recording").click();
    await page.getByRole("row", { name: /recording started part 1/ }).waitFor();
    await waits;
    assertEquals(complaints, []);
    await page.close();
  });
});
