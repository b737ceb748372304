import { assert, assertEquals, assertRejects } from "@std/assert";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { getRandomValues } from "node:crypto";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../../../tests/engines/dynamodb_table.ts";
import { type AwsServices, BUCKET, startAwsServices } from "../../../tests/fakes/aws_services.ts";
import { apiGatewayEvent, streamRecord } from "../../../tests/fakes/lambda_events.ts";
import { type Standin, startStandin } from "../../../tests/standin/mod.ts";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { batchOf, gift, line } from "../../../tests/fakes/made_events.ts";
import { dynamoAnswers } from "../../adapters/aws/dynamo_answers.ts";
import { dynamoKeyStore } from "../../adapters/aws/dynamo_key_store.ts";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { createKey } from "../../core/api_keys.ts";
import type { EventBatch } from "../../ports/event_store.ts";
import type { Store } from "../../ports/store.ts";

const { engine, skipped } = await startDynamoDbLocal();
const TABLE_NAME = "lambda-test";

describe("Lambda functions", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});

  let standin: Standin;
  let client: DynamoDBClient;
  let store: Store;
  let apiKey: string;
  let aws: AwsServices;
  const envBefore = { ...process.env };

  before(async () => {
    standin = await startStandin({ media: false });
    client = localDynamoDb(engine.endpoint);
    await createTable(client, TABLE_NAME);
    const table = { client, name: TABLE_NAME, clock: systemClock, random: Math.random };
    store = dynamoStore(table);
    const scopes = ["lookup", "read", "write"] as const;
    const deps = {
      keys: dynamoKeyStore(table),
      now: Date.now(),
      random: (bytes: Uint8Array) => getRandomValues(bytes),
    };
    apiKey = (await createKey(deps, { name: "test", scopes })).secret;
    aws = await startAwsServices();
    Object.assign(process.env, {
      ...aws.env,
      ROOMTONE_TABLE_NAME: TABLE_NAME,
      ROOMTONE_DYNAMODB_URL: engine.endpoint,
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
      ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
      ROOMTONE_BUCKET_NAME: BUCKET,
      ROOMTONE_RETENTION: JSON.stringify({ default: {}, hosts: { "old.host": { recordingDays: 30 } } }),
      ROOMTONE_ECS_CLUSTER: "cluster",
      ROOMTONE_ECS_TASK_DEFINITION: "recorder:1",
      ROOMTONE_ECS_SUBNETS: "subnet-1,subnet-2",
      ROOMTONE_ECS_SECURITY_GROUPS: "sg-1",
    });
    standin.room("live.host").startLive({ seed: "1" });
    standin.room("quiet.host");
  });

  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in envBefore)) delete process.env[name];
    Object.assign(process.env, envBefore);
    client.destroy();
    await aws.stop();
    await standin.stop();
    await engine.stop();
  });

  /** Sends a request through a function. */
  async function ask(name: string, method: string, target: string, key = apiKey) {
    const { handler } = await import(`./${name}.lambda.ts`) as {
      handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2>;
    };
    const { statusCode, headers, body } = await handler(apiGatewayEvent(method, target, { "x-api-key": key }));
    const json = body ? JSON.parse(body) as Record<string, unknown> : undefined;
    return { status: statusCode, type: headers?.["content-type"], json };
  }

  it("want an API key of the table", async () => {
    for (
      const [name, target] of [
        ["links", "/api/links?usernames=live.host"],
        ["user_info", "/tiktok/user-info?uniqueId=live.host"],
        ["followings", "/tiktok/user-followings?uniqueId=live.host"],
        ["system", "/watchlist"],
      ] as const
    ) {
      for (const wrong of ["", `${apiKey.slice(0, -8)}00000000`]) {
        const { status, type, json } = await ask(name, "GET", target, wrong);
        assertEquals([status, type, json?.code], [401, "application/problem+json", "unauthorized"], name);
      }
    }
    assertEquals((await ask("system", "GET", "/health", "")).status, 200);
  });

  describe("links", () => {
    it("answers for one host, whichever way the client wrote the brackets", async () => {
      for (const query of ["usernames[]=live.host", "usernames%5B%5D=%40live.host"]) {
        const { status, type, json } = await ask("links", "GET", `/api/links?${query}`);
        assertEquals([status, type, json?.user, json?.code], [200, "application/json", "live.host", "live"]);
        assert(String(json?.live_stream_link).startsWith("http"));
      }
      const offline = await ask("links", "GET", "/api/links?usernames[]=quiet.host");
      assertEquals([offline.status, offline.json?.error], [200, "User is not live"]);
    });

    it("answers for several hosts in order", async () => {
      const { json } = await ask("links", "GET", "/api/links?usernames[]=quiet.host&usernames[]=live.host");
      assert(Array.isArray(json));
      assertEquals(json.map(({ user, code }) => [user, code]), [["quiet.host", "offline"], ["live.host", "live"]]);
    });

    it("names what is wrong with a request, as problem+json", async () => {
      const { status, type, json } = await ask("links", "GET", "/api/links?protocol=rtmp");
      assertEquals([status, type, json?.code], [400, "application/problem+json", "invalid_input"]);
    });

    it("keeps answers in the table, where its other instances find them", async () => {
      standin.room("kept.host").startLive({ seed: "2" });
      assertEquals((await ask("links", "GET", "/api/links?usernames=kept.host")).json?.code, "live");
      const answers = dynamoAnswers(
        { client, name: TABLE_NAME, clock: systemClock, random: Math.random },
        new CaptureLogger(),
      );
      const { value } = JSON.parse((await answers.getAnswer("links kept.host"))?.body ?? "null");
      assertEquals([value.username, value.state], ["kept.host", "live"]);
    });

    it("has no routes of other groups", async () => {
      assertEquals((await ask("links", "PUT", "/watchlist/live.host")).status, 404);
    });
  });

  describe("user_info", () => {
    it("answers for a user, and for none", async () => {
      const found = await ask("user_info", "GET", "/tiktok/user-info?uniqueId=live.host");
      assertEquals([found.status, found.json?.status], [200, "success"]);
      const none = await ask("user_info", "GET", "/tiktok/user-info?uniqueId=nobody.here");
      assertEquals([none.status, none.json?.code], [404, "not_found"]);
    });
  });

  describe("followings", () => {
    it("says that there is neither session nor signer", async () => {
      const { status, json } = await ask("followings", "GET", "/tiktok/user-followings?uniqueId=live.host");
      assertEquals([status, json?.code], [403, "login_required"]);
    });
  });

  describe("system", () => {
    it("keeps the watchlist in the table", async () => {
      assertEquals((await ask("system", "PUT", "/watchlist/some.host")).status, 201);
      assertEquals((await ask("system", "PUT", "/watchlist/some.host")).status, 200);
      assertEquals((await store.getWatch("some.host"))?.state, "unknown");
      assertEquals((await ask("system", "GET", "/watchlist/some.host")).json?.username, "some.host");
      assertEquals((await ask("system", "DELETE", "/watchlist/some.host")).status, 204);
      assertEquals((await ask("system", "GET", "/watchlist/some.host")).json?.code, "not_found");
    });

    it("is healthy, and lists recordings", async () => {
      assertEquals((await ask("system", "GET", "/health")).json, { status: "ok" });
      assertEquals((await ask("system", "GET", "/recordings")).status, 200);
    });
  });

  describe("poller", () => {
    it("finds a live, has it recorded once and starts a recorder", async () => {
      const { handler } = await import("./poller.lambda.ts");
      const context = { getRemainingTimeInMillis: () => 30_000 };
      for (const name of ["live.host", "quiet.host"]) await store.putWatch(name, Date.now());
      const { lateMs, ...counts } = await handler({}, context);
      assertEquals(counts, { checked: 2, live: 1, failed: 0, wanted: 1, lost: 0 });
      assert(lateMs < 30_000);
      assertEquals(aws.calls, ["ecs:ListTasks", "ecs:RunTask"]);
      const { items } = await store.listRecordings({ limit: 10 });
      assertEquals(items.map(({ username, state }) => [username, state]), [["live.host", "wanted"]]);
      assertEquals((await handler({}, context)).checked, 0);
      assertEquals((await ask("system", "GET", `/recordings/${items[0]?.id}`)).json?.state, "wanted");
    });
  });

  describe("retention", () => {
    /** Records a host some days ago, with a file in the bucket. */
    const record = async (roomId: string, username: string, days: number) => {
      const at = Date.now() - days * 86_400_000;
      await store.wantRecording({ roomId, username, title: "" }, at);
      const [claimed] = await store.claimRecordings({ owner: "a", now: at, leaseMs: 1_000, limit: 1 });
      const lease = { recordingId: roomId, token: claimed?.leaseToken ?? 0 };
      await store.addPart(lease, { folder: `${username}/${roomId}`, startedAt: at });
      await store.finishRecording(lease, { endedAt: at, outcome: { kind: "ended" } });
      aws.objects.set(`recordings/${username}/${roomId}/index.m3u8`, "");
    };
    const ids = async () =>
      (await store.listRecordings({ limit: 9 }, { username: "old.host" })).items.map(({ id }) => id);
    const files = () => [...aws.objects.keys()].filter((key) => key.startsWith("recordings/old.host/"));

    it("deletes what is too old from table and bucket, as its schedule asks; API callers may ask as well", async () => {
      await record("81", "old.host", 31);
      await record("82", "old.host", 29);
      const { handler } = await import("./retention.lambda.ts");
      const hour = { getRemainingTimeInMillis: () => 3_600_000 };
      assertEquals(await handler({}, { getRemainingTimeInMillis: () => 0 }), { removed: 0, failed: 0, more: true });
      assertEquals(await handler({}, hour), { removed: 1, failed: 0, more: false });
      assertEquals([await ids(), files()], [["82"], ["recordings/old.host/82/index.m3u8"]]);
      assertEquals(await handler({}, hour), { removed: 0, failed: 0, more: false });

      await record("83", "old.host", 40);
      const plan = await ask("system", "POST", "/retention?dryRun=true");
      assertEquals([plan.status, (plan.json?.removed as { recording_id: string }[]).map((each) => each.recording_id)], [
        200,
        ["83"],
      ]);
      const kept = await ask("system", "PUT", "/recordings/83/kept");
      assertEquals([kept.json?.kept, (await ask("system", "POST", "/retention")).json?.removed], [true, []]);
      const gone = await ask("system", "DELETE", "/hosts/%40Old.Host");
      assertEquals([gone.status, gone.json?.unfinished, await ids(), files()], [200, [], [], []]);
    });

    it("fails when something could not be deleted, so that an alarm tells", async () => {
      await record("84", "old.host", 40);
      aws.refused.add("s3:DeleteObjects");
      const { handler } = await import("./retention.lambda.ts");
      const error = await assertRejects(() => handler({}, { getRemainingTimeInMillis: () => 3_600_000 }));
      assert(String(error).includes("1 removals failed"), String(error));
      aws.refused.clear();
      assertEquals((await handler({}, { getRemainingTimeInMillis: () => 3_600_000 })).removed, 1);
      assertEquals(files(), []);
    });
  });

  describe("consumer", () => {
    const want = async (...ids: string[]) => {
      for (const roomId of ids) await store.wantRecording({ roomId, username: "some.host", title: "" }, 1);
    };
    const batch = (recordingId: string, seq: number): Promise<EventBatch> =>
      batchOf(recordingId, seq, [line("chat", 1_000), line("chat", 1_500), gift(2_000, 1, 1, 5)]);

    it("adds batches up once, also when they come again", async () => {
      const { handler } = await import("./consumer.lambda.ts");
      const Records = [
        streamRecord("1", await batch("1", 1)),
        streamRecord("2", await batch("2", 1)),
        streamRecord("3", await batch("1", 2)),
      ];
      await want("1", "2");
      for (let i = 0; i < 2; i++) assertEquals(await handler({ Records }), { batchItemFailures: [] });
      assertEquals((await store.getTotals("1"))?.types, { chat: 4, gift: 2 });
      assertEquals((await store.getTotals("2"))?.count, 3);
    });

    it("reports a record that it cannot read, from where on Lambda comes again", async () => {
      const { handler } = await import("./consumer.lambda.ts");
      const bad = { eventName: "INSERT" as const, dynamodb: { SequenceNumber: "12", NewImage: {} } };
      const Records = [streamRecord("11", await batch("3", 1)), bad, streamRecord("13", await batch("3", 2))];
      await want("3");
      assertEquals(await handler({ Records }), { batchItemFailures: [{ itemIdentifier: "12" }] });
      assertEquals((await store.getTotals("3"))?.seq, 2);
      assertEquals((await store.getHostTotals("some.host"))?.diamonds, 25);
    });
  });
});
