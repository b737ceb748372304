/**
 * Every built bundle under Lambda's own runtime interface client on Node 24, with the variables that the stacks give it:
 * events of an HTTP API, of EventBridge Scheduler and of a table's stream, against the stand-in and DynamoDB Local.
 * @module
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  AlertsConfig,
  ALL_SHARDS,
  CanaryConfig,
  ConsumerConfig,
  environment,
  FollowingsConfig,
  LookupConfig,
  PollerConfig,
  RetentionConfig,
  SystemConfig,
} from "@roomtone/functions/deploy";
import { hash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { dynamoKeyStore } from "../../functions/adapters/aws/dynamo_key_store.ts";
import { dynamoStore } from "../../functions/adapters/aws/dynamo_store.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import type { Store } from "../../functions/ports/store.ts";
import { buildFunctions, LAMBDAS } from "../../scripts/build_functions.ts";
import { ROOT } from "../../scripts/tools.mjs";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../engines/dynamodb_table.ts";
import { findLambdaRic, type LambdaProcess, startLambdaRic } from "../engines/lambda_ric.ts";
import { type AwsServices, BUCKET, startAwsServices } from "../fakes/aws_services.ts";
import { streamRecord } from "../fakes/lambda_events.ts";
import { batchOf, gift, line } from "../fakes/made_events.ts";
import { answer, startReceiver, type WebhookReceiver } from "../fakes/webhook_receiver.ts";
import { SESSION_ID, SIGNER_KEY } from "../standin/call_routes.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

const EVENTS = join(ROOT, "tests", "events", "api_gateway");
const tableName = "lambda-ric";
const IDENTITY = "/roomtone/test/identity";
const SECRET = "/roomtone/test/hook";
/** Retention wants more than a minute before its end. */
const CALL_TIMEOUT_MS = 90_000;
const DAY_MS = 86_400_000;
/** What EventBridge Scheduler sends where a schedule has no input of its own. */
const SCHEDULED = {
  ...{ version: "0", id: "4f2dcf0a-8a6e-4d3f-a0e6-0c1c8f1d7f5b", "detail-type": "Scheduled Event" },
  ...{ source: "aws.scheduler", account: "123456789012", time: "2025-10-09T08:53:20Z", region: "eu-west-1" },
  ...{ resources: ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/test"], detail: "{}" },
};

type Name = (typeof LAMBDAS)[number];

const { program, skipped: noClient } = findLambdaRic();
const { engine, skipped: noTable } = program === undefined
  ? { engine: undefined, skipped: noClient }
  : await startDynamoDbLocal();

describe("bundles under Lambda's runtime interface client", () => {
  if (program === undefined || engine === undefined) {
    const skipped = noClient ?? noTable;
    return it(`SKIPPED: ${skipped}`, { skip: skipped ?? true }, () => {});
  }

  let folder: string;
  let standin: Standin;
  let client: DynamoDBClient;
  let store: Store;
  let aws: AwsServices;
  let receiver: WebhookReceiver;
  const running = new Map<Name, LambdaProcess>();

  before(async () => {
    standin = await startStandin({ media: false });
    standin.room("live.host").startLive({ seed: "1", title: "Tea" });
    for (const name of ["quiet.host", "listed.host"]) standin.room(name);
    aws = await startAwsServices();
    aws.parameters.set(IDENTITY, JSON.stringify({ tiktokCookies: `sessionid=${SESSION_ID}`, eulerKey: SIGNER_KEY }));
    aws.parameters.set(SECRET, `whsec_${"QUJD".repeat(10)}`);
    receiver = await startReceiver();
    client = localDynamoDb(engine.endpoint);
    await createTable(client, tableName);
    const table = { client, name: tableName, clock: systemClock, random: Math.random };
    store = dynamoStore(table);
    const [id, createdAt] = ["0000000000aa", Date.now()];
    const key = { id, name: "", scopes: ["lookup", "read", "write"] as const, requestsPerMinute: 1_000, createdAt };
    await dynamoKeyStore(table).addKey({ ...key, hash: hash("sha256", `rtk_${id}_${"0".repeat(64)}`) });
    mkdirSync(join(ROOT, "dist"), { recursive: true });
    // Below the clone, so that the AWS SDK is found, which Lambda has at hand for its functions.
    folder = mkdtempSync(join(ROOT, "dist", "ric-"));
    buildFunctions(folder);
  });

  after(async () => {
    for (const each of running.values()) await each.stop();
    client.destroy();
    await receiver.stop();
    await aws.stop();
    await standin.stop();
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A function's variables, made as the stacks make them. */
  function variables(name: Name): Record<string, string> {
    const { web, webcast, socket, ttwid } = standin.baseUrls;
    const table = { tableName, dynamodbUrl: engine?.endpoint };
    const tiktok = {
      ...{ ...table, tiktokWebUrl: web, tiktokWebcastUrl: webcast, tiktokSocketUrl: socket, tiktokTtwidUrl: ttwid },
    };
    const operator = { ...tiktok, identityParameter: IDENTITY, eulerUrl: standin.url };
    const launching = {
      ...{ ecsCluster: "cluster", ecsTaskDefinition: "recorder:1", ecsSubnets: ["subnet-1"] },
      ecsSecurityGroups: ["sg-1"],
    };
    const bucket = { bucketName: BUCKET, retention: JSON.stringify({ default: { recordingDays: 30 } }) };
    const url = `http://127.0.0.1:${receiver.port}/`;
    const alerts = JSON.stringify({ allowLoopback: true, targets: [{ name: "ops", url, secretParameter: SECRET }] });
    const made: Record<Name, () => Record<string, string>> = {
      links: () => environment(LookupConfig, tiktok),
      user_info: () => environment(LookupConfig, tiktok),
      followings: () => environment(FollowingsConfig, operator),
      system: () => environment(SystemConfig, { ...operator, ...launching, ...bucket }),
      poller: () => environment(PollerConfig, { ...tiktok, ...launching, pollScheduleMs: 1_000 }),
      consumer: () => environment(ConsumerConfig, table),
      alerts: () => environment(AlertsConfig, { ...table, alerts }),
      retention: () => environment(RetentionConfig, { ...table, ...bucket }),
      canary: () =>
        environment(CanaryConfig, {
          ...{ ...tiktok, canaryHosts: ["live.host"], canaryListenMs: 2_000, mediaHosts: ["127.0.0.1"] },
          ...{ tiktokRequestsPerMinute: 6_000, tiktokRequestBurst: 100 },
        }),
    };
    return { ...aws.env, ...made[name]() };
  }

  const start = (name: Name, env: Record<string, string>) =>
    startLambdaRic(program, join(folder, name), env, CALL_TIMEOUT_MS);

  /** A function's one process, as Lambda keeps it from call to call. */
  async function lambda(name: Name): Promise<LambdaProcess> {
    const known = running.get(name);
    if (known !== undefined) return known;
    const started = await start(name, variables(name));
    running.set(name, started);
    return started;
  }

  /** Calls a function. @returns what it returned */
  async function call(name: Name, event: unknown): Promise<Record<string, unknown>> {
    const { result, error } = await (await lambda(name)).invoke(event);
    assertEquals(error, undefined, name);
    return result as Record<string, unknown>;
  }

  /** Sends the request of an event file, such as `links/one_host`. */
  async function ask(name: Name, file: string) {
    const event = JSON.parse(readFileSync(join(EVENTS, name, `${file}.json`), "utf8"));
    const { statusCode, body, isBase64Encoded } = await call(name, event);
    assertEquals(isBase64Encoded, false, file);
    return { status: statusCode, json: JSON.parse(String(body)) };
  }

  describe("take events of an HTTP API", () => {
    it("links", async () => {
      const { status, json } = await ask("links", "one_host");
      assertEquals([status, json.user, json.code], [200, "live.host", "live"]);
      assertEquals((await ask("links", "no_key")).status, 401);
      assertEquals((await ask("links", "wrong_parameter")).json.code, "invalid_input");
    });

    it("user_info", async () => {
      const { status, json } = await ask("user_info", "found");
      assertEquals([status, json.data.userInfo.uniqueId], [200, "live.host"]);
      const none = await ask("user_info", "nobody");
      assertEquals([none.status, none.json.code], [404, "not_found"]);
    });

    it("followings", async () => {
      const { status, json } = await ask("followings", "as_operator");
      assertEquals([status, json.requestDetails.count], [200, "5"]);
      assertEquals((await ask("followings", "wrong_count")).status, 400);
    });

    it("system", async () => {
      assertEquals(await ask("system", "health"), { status: 200, json: { status: "ok" } });
      assertEquals((await ask("system", "openapi")).json.openapi, "3.1.0");
      assertEquals((await ask("system", "watch_put")).status, 201);
      assertEquals((await store.getWatch("some.host"))?.state, "unknown");
      assertEquals((await ask("system", "unknown_route")).status, 404);
      await store.deleteWatch("some.host");
    });
  });

  describe("take events of a schedule", () => {
    it("poller, with its shards", async () => {
      aws.calls.length = 0;
      for (const name of ["live.host", "quiet.host"]) await store.putWatch(name, Date.now());
      const { checked, live, failed, wanted } = await call("poller", { shards: ALL_SHARDS });
      assertEquals({ checked, live, failed, wanted }, { checked: 2, live: 1, failed: 0, wanted: 1 });
      assertEquals(aws.calls, ["ecs:ListTasks", "ecs:RunTask"]);
      // The client writes a line of its own when it starts, and leaves those of the function as they are.
      const lines = (await lambda("poller")).log.slice(1).map((text) => JSON.parse(text));
      assert(lines.some((each) => "_aws" in each && "watch_lateness_seconds" in each), "its metrics are in the log");
      const { traceId } = lines.find(({ event }) => event === "watchlist_polled");
      assertMatch(traceId, /^Root=1-68e777a0-[0-9a-f]{24};/);
    });

    it("retention, whose failures come with traces of the source where that is asked for", async () => {
      await recordLongAgo("81");
      assertEquals(await call("retention", SCHEDULED), { removed: 1, failed: 0, more: false });
      assertEquals([(await store.getRecording("81"))?.id, [...aws.objects.keys()]], [undefined, []]);

      await recordLongAgo("82");
      aws.refused.add("s3:DeleteObjects");
      const traced = await start("retention", { ...variables("retention"), NODE_OPTIONS: "--enable-source-maps" });
      try {
        const { error } = await traced.invoke(SCHEDULED);
        assertStringIncludes(error?.errorMessage ?? "", "1 removals failed");
        assertMatch(error?.trace.join("\n") ?? "", /functions\/entry\/aws\/retention\.lambda\.ts:\d+/);
        aws.refused.clear();
        assertEquals((await traced.invoke(SCHEDULED)).result, { removed: 1, failed: 0, more: false });
      } finally {
        await traced.stop();
      }
    });

    it("alerts", async () => {
      const id = "live_started:7";
      const facts = { id, kind: "live_started", recordingId: "7", username: "some.host", at: 5, data: {} } as const;
      await store.putAlert(facts, { now: Date.now(), expiresAt: Date.now() + DAY_MS });
      receiver.behave(answer(200));
      assertEquals((await call("alerts", SCHEDULED)).delivered, 1);
      assertEquals((await store.getAlert(id))?.state, "delivered");
      assert(receiver.hooks.some(({ headers }) => headers["webhook-id"] === id));
      assertEquals(await call("alerts", SCHEDULED), { delivered: 0, failed: 0, dead: 0 });
    });

    it("canary, which listens to a live", async () => {
      const summary = await call("canary", SCHEDULED);
      // The stand-in of this test has no streams.
      assertEquals({ ...summary, facts: Number(summary["facts"]) > 150 }, {
        facts: true,
        drifts: 1,
        changes: 1,
        refusals: 0,
      });
      const lines = (await lambda("canary")).log.filter((text) => text.includes("canary_drifted"));
      assertEquals(lines.map((text) => JSON.parse(text).fact), ["media.status"]);
    });
  });

  describe("take events of a table's stream", () => {
    const batch = (recordingId: string, seq: number) =>
      batchOf(recordingId, seq, [line("chat", 1_000), line("chat", 1_500), gift(2_000, 1, 1, 5)]);

    it("consumer: batches that are in the totals once, also when they come again", async () => {
      await store.wantRecording({ roomId: "1", username: "some.host", title: "" }, 1);
      const Records = [streamRecord("1", await batch("1", 1)), streamRecord("2", await batch("1", 2))];
      for (let i = 0; i < 2; i++) assertEquals(await call("consumer", { Records }), { batchItemFailures: [] });
      const totals = await store.getTotals("1");
      assertEquals([totals?.types, totals?.diamonds], [{ chat: 4, gift: 2 }, 10]);
    });

    it("consumer: a record that cannot be read is named, and without a number the whole batch is to come again", async () => {
      await store.wantRecording({ roomId: "3", username: "some.host", title: "" }, 1);
      const bad = { eventName: "INSERT", dynamodb: { SequenceNumber: "12", NewImage: {} } };
      const Records = [streamRecord("11", await batch("3", 1)), bad, streamRecord("13", await batch("3", 2))];
      assertEquals(await call("consumer", { Records }), { batchItemFailures: [{ itemIdentifier: "12" }] });
      assertEquals((await store.getTotals("3"))?.seq, 2);
      assertEquals(await call("consumer", { Records: [{ eventName: "INSERT" }] }), {
        batchItemFailures: [{ itemIdentifier: "" }],
      });
    });

    it("consumer: an event that is none of a stream fails, and the next one is taken", async () => {
      const { error } = await (await lambda("consumer")).invoke({});
      assertEquals(error?.errorType, "TypeError");
      assertEquals(await call("consumer", { Records: [] }), { batchItemFailures: [] });
    });
  });

  it("each name the settings that are missing, before any event", async () => {
    for (const name of LAMBDAS) {
      const bare = await start(name, aws.env);
      try {
        const { error } = await bare.invoke({});
        assertStringIncludes(error?.errorMessage ?? "", "ROOMTONE_TABLE_NAME is missing", name);
      } finally {
        await bare.stop();
      }
    }
  });

  it("were all called", () => assertEquals([...running.keys()].sort(), [...LAMBDAS].sort()));

  /** Records a host longer ago than the policy keeps it, with a file in the bucket. */
  async function recordLongAgo(roomId: string): Promise<void> {
    const at = Date.now() - 31 * DAY_MS;
    await store.wantRecording({ roomId, username: "old.host", title: "" }, at);
    const [claimed] = await store.claimRecordings({ owner: "a", now: at, leaseMs: 1_000, limit: 1 });
    const lease = { recordingId: roomId, token: claimed?.leaseToken ?? 0 };
    await store.addPart(lease, { folder: `old.host/${roomId}`, startedAt: at });
    await store.finishRecording(lease, { endedAt: at, outcome: { kind: "ended" } });
    aws.objects.set(`recordings/old.host/${roomId}/index.m3u8`, "");
  }
});
