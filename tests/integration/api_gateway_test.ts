/**
 * The built bundles of the API's functions, each in a Node 24 process as Lambda runs it, driven with the events of an
 * HTTP API (payload 2.0) in `tests/events/api_gateway/`, against the stand-in and DynamoDB Local.
 * @module
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { assert, assertEquals } from "@std/assert";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { dynamoKeyStore } from "../../functions/adapters/aws/dynamo_key_store.ts";
import { dynamoStore } from "../../functions/adapters/aws/dynamo_store.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { packEvents } from "../../functions/core/event_batches.ts";
import { PAGE_PATHS, ROUTE_GROUPS, type RouteGroup } from "../../functions/entry/aws/route_groups.ts";
import type { Store } from "../../functions/ports/store.ts";
import { buildLambda } from "../../scripts/build_functions.ts";
import { ROOT } from "../../scripts/tools.mjs";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../engines/dynamodb_table.ts";
import { type AwsServices, BUCKET, startAwsServices } from "../fakes/aws_services.ts";
import { type LambdaHost, startLambda } from "../fakes/lambda_host.ts";
import { SESSION_ID, SIGNER_KEY } from "../standin/call_routes.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

const EVENTS = join(ROOT, "tests", "events", "api_gateway");
const TABLE_NAME = "api-gateway";
const GROUPS = Object.keys(ROUTE_GROUPS) as RouteGroup[];
const T0 = 1_760_000_000_000;
/** Recordings of the table: one that runs, one that is finished, one that runs and has no events yet. */
const RUNNING = "7300000000000000001";
const FINISHED = "7300000000000000002";
const SILENT = "7300000000000000003";

const { engine, skipped } = await startDynamoDbLocal();

describe("the API's functions behind API Gateway", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});

  let folder: string;
  let standin: Standin;
  let client: DynamoDBClient;
  let store: Store;
  let aws: AwsServices;
  const hosts = new Map<RouteGroup, LambdaHost>();
  const driven = new Set<string>();

  before(async () => {
    standin = await startStandin({ media: false });
    standin.room("live.host").startLive({ seed: "1", title: "Tea" });
    standin.room("quiet.host");
    standin.room("listed.host");
    aws = await startAwsServices();
    client = localDynamoDb(engine.endpoint);
    await createTable(client, TABLE_NAME);
    const table = { client, name: TABLE_NAME, clock: systemClock, random: Math.random };
    store = dynamoStore(table);
    await seed(store);
    const keys = dynamoKeyStore(table);
    const about = { name: "", requestsPerMinute: 1_000, createdAt: T0 };
    for (
      const [id, scopes] of [["0000000000aa", ["lookup", "read", "write"]], ["0000000000bb", ["read"]]] as const
    ) await keys.addKey({ ...about, id, scopes, hash: hash("sha256", `rtk_${id}_${"0".repeat(64)}`) });

    mkdirSync(join(ROOT, "dist"), { recursive: true });
    // Below the clone, so that the AWS SDK is found, which Lambda has at hand for its functions.
    folder = mkdtempSync(join(ROOT, "dist", "events-"));
    for (const group of GROUPS) {
      const file = join(folder, group, "index.mjs");
      buildLambda(group, file);
      hosts.set(group, startLambda(file, environment()));
    }
  });

  after(async () => {
    for (const host of hosts.values()) await host.stop();
    client.destroy();
    await aws.stop();
    await standin.stop();
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function environment(more: Record<string, string> = {}): Record<string, string> {
    return {
      ...aws.env,
      ROOMTONE_TABLE_NAME: TABLE_NAME,
      ROOMTONE_BUCKET_NAME: BUCKET,
      ROOMTONE_ECS_CLUSTER: "cluster",
      ROOMTONE_ECS_TASK_DEFINITION: "recorder:1",
      ROOMTONE_ECS_SUBNETS: "subnet-1,subnet-2",
      ROOMTONE_ECS_SECURITY_GROUPS: "sg-1",
      ROOMTONE_DYNAMODB_URL: engine?.endpoint ?? "",
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
      ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
      ...more,
    };
  }

  /** Hands a group's function the event of a file, such as `links/one_host`. */
  async function drive(file: string, change: Record<string, string> = {}, other?: LambdaHost) {
    driven.add(file);
    const group = GROUPS.find((each) => file.startsWith(`${each}/`));
    const host = other ?? (group && hosts.get(group));
    assert(host !== undefined, file);
    const event = JSON.parse(readFileSync(join(EVENTS, `${file}.json`), "utf8"));
    const result = await host.invoke({ ...event, headers: { ...event.headers, ...change } });
    return { ...readAnswer(result), requestId: event.requestContext.requestId as string };
  }

  describe("links", () => {
    it("answer for one name, and for several in order, however their query is written", async () => {
      const one = await drive("links/one_host");
      assertEquals([one.status, one.type, one.json.user, one.json.code], [
        200,
        "application/json",
        "live.host",
        "live",
      ]);
      const codes = async (file: string) => {
        const { json } = await drive(file);
        assert(Array.isArray(json), file);
        return json.map(({ user, code }) => [user, code]);
      };
      assertEquals(await codes("links/repeated_names"), [
        ["quiet.host", "offline"],
        ["live.host", "live"],
        ["nobody.here", "not_found"],
      ]);
      const both = [["live.host", "live"], ["quiet.host", "offline"]];
      assertEquals(await codes("links/encoded_brackets_and_url"), both);
      assertEquals(await codes("links/comma_separated"), both);
    });

    it("want a key, in either header, with the scope", async () => {
      assertEquals((await drive("links/bearer")).status, 200);
      for (
        const [file, status, code] of [
          ["links/no_key", 401, "unauthorized"],
          ["links/wrong_key", 401, "unauthorized"],
          ["links/wrong_scope", 403, "forbidden"],
        ] as const
      ) {
        const answer = await drive(file);
        assertEquals([answer.status, answer.type, answer.json.code], [status, "application/problem+json", code], file);
      }
    });

    it("name every wrong parameter, pass over a body, and have no other group's routes", async () => {
      const wrong = await drive("links/wrong_parameter");
      assertEquals([wrong.status, wrong.json.code], [400, "invalid_input"]);
      assertEquals(wrong.json.parameters.map(({ name }: { name: string }) => name), ["protocol", "usernames"]);
      assertEquals((await drive("links/get_with_body")).json.user, "live.host");
      assertEquals((await drive("links/other_groups_route")).status, 404);
    });

    it("say nothing again to a caller who knows the answer", async () => {
      const first = await drive("links/one_host");
      for (
        const answer of [
          await drive("links/one_host", { "if-none-match": first.headers.etag ?? "" }),
          await drive("links/known_already"),
        ]
      ) assertEquals([answer.status, answer.text, answer.headers.etag], [304, "", first.headers.etag]);
    });

    it("give the gateway's request id back, or the caller's own", async () => {
      const { headers, requestId } = await drive("links/one_host");
      assertEquals(headers["x-request-id"], requestId);
      assertEquals((await drive("links/one_host", { "x-request-id": "mine-1" })).headers["x-request-id"], "mine-1");
      const lines = hosts.get("links")?.log.map((line) => JSON.parse(line)) ?? [];
      const line = lines.find((each) => each.event === "request" && each.requestId === requestId);
      assert(line?.traceId.startsWith("Root=1-"), JSON.stringify(line));
      assert(!JSON.stringify(lines).includes("0".repeat(64)), "no key is in the log");
    });
  });

  describe("user_info", () => {
    it("answers for a name in every form", async () => {
      for (const form of ["found", "encoded_name", "profile_url", "with_cookies"]) {
        const { status, json } = await drive(`user_info/${form}`);
        assertEquals([status, json.status, json.data?.userInfo.uniqueId], [200, "success", "live.host"], form);
      }
    });

    it("says what is wrong", async () => {
      for (
        const [file, status, code] of [
          ["nobody", 404, "not_found"],
          ["no_name", 400, "invalid_input"],
          ["no_key", 401, "unauthorized"],
        ] as const
      ) {
        const answer = await drive(`user_info/${file}`);
        assertEquals([answer.status, answer.json.code], [status, code], file);
      }
    });
  });

  describe("followings", () => {
    it("want a session of the operator's own: a caller's cookies are none", async () => {
      for (const file of ["of_a_name", "followers", "callers_cookies_do_not_count"]) {
        const { status, json } = await drive(`followings/${file}`);
        assertEquals([status, json.code], [403, "login_required"], file);
      }
    });

    it("say what is wrong", async () => {
      const wrong = await drive("followings/wrong_count");
      assertEquals([wrong.status, wrong.json.code], [400, "invalid_input"]);
      assertEquals((await drive("followings/no_key")).status, 401);
    });
  });

  describe("system", () => {
    it("is open where it may be, and closed elsewhere", async () => {
      assertEquals((await drive("system/health")).json, { status: "ok" });
      const docs = await drive("system/docs");
      assertEquals([docs.status, docs.type, docs.text.startsWith("<!doctype html>")], [200, "text/html", true]);
      assertEquals((await drive("system/openapi")).json.openapi, "3.1.0");
      const page = await drive("system/console");
      assertEquals([page.status, page.type, page.headers["content-encoding"]], [200, "text/html", "gzip"]);
      assertEquals((await drive("system/console_file_none")).status, 404);
      for (
        const [file, status, code] of [
          ["no_key", 401, "unauthorized"],
          ["wrong_scope", 403, "forbidden"],
          ["unknown_route", 404, "not_found"],
          ["wrong_method", 405, "method_not_allowed"],
        ] as const
      ) {
        const answer = await drive(`system/${file}`);
        assertEquals([answer.status, answer.type, answer.json.code], [status, "application/problem+json", code], file);
      }
    });

    it("looks up lives, rooms, gifts, prices and the feed", async () => {
      const checks = await drive("system/live_check");
      assertEquals([checks.status, checks.json.length], [200, 2]);
      const room = await drive("system/room");
      assertEquals([room.status, room.json.title], [200, "Tea"]);
      for (const file of ["gifts", "prices", "feed"]) assertEquals((await drive(`system/${file}`)).status, 200, file);
      const sent = await drive("system/send_message");
      assertEquals([sent.status, sent.json.code], [403, "not_configured"]);
    });

    it("keeps the watchlist; bodies come as base64, paths decoded", async () => {
      assertEquals((await drive("system/watch_put")).status, 201);
      assertEquals((await drive("system/watch_get")).json.username, "some.host");
      const odd = await drive("system/watch_put_odd_name");
      assertEquals([odd.status, odd.json.code], [400, "invalid_input"]);
      const imported = await drive("system/watch_import");
      assertEquals([imported.status, imported.json.added, imported.json.skipped.length], [200, 2, 1]);
      assertEquals((await drive("system/watch_import_no_json")).json.code, "invalid_input");
      assertEquals((await drive("system/watch_import_no_type")).status, 415);
      const { watches } = (await drive("system/watch_list")).json;
      assertEquals(watches.map(({ username }: { username: string }) => username), [
        "other.host",
        "some.host",
        "third.host",
      ]);
      const gone = await drive("system/watch_delete");
      assertEquals([gone.status, gone.text], [204, ""]);
    });

    it("reads recordings, their events and totals", async () => {
      assertEquals((await drive("system/recordings")).json.recordings, []);
      const recording = await drive("system/recording");
      assertEquals([recording.json.id, recording.json.state], [RUNNING, "recording"]);
      assertEquals((await drive("system/recording_none")).status, 404);
      assertEquals((await drive("system/recording_totals")).json.events, 0);
      const { events } = (await drive("system/recording_events")).json;
      assertEquals(events.map(({ type }: { type: string }) => type), ["chat", "gift"]);
    });

    it("sends players to the bucket, with signed addresses in the playlist", async () => {
      const none = await drive("system/recording_playlist");
      assertEquals([none.status, none.json.code], [404, "not_found"]);
      const folder = `recordings/past.host/${RUNNING}`;
      aws.objects.set(`${folder}/index.m3u8`, '#EXTM3U\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:6.0,\nsegment_0.m4s\n');
      const playlist = await drive("system/recording_playlist");
      assertEquals([playlist.status, playlist.type], [200, "application/vnd.apple.mpegurl"]);
      const link = playlist.text.split("\n").find((line) => line.includes("/segment_0.m4s?")) ?? "";
      const { origin, pathname, searchParams } = new URL(link);
      assertEquals([origin, pathname], [aws.env.AWS_ENDPOINT_URL_S3, `/${BUCKET}/${folder}/segment_0.m4s`]);
      assert(searchParams.has("X-Amz-Signature"), link);
      const sent = await drive("system/recording_file");
      assertEquals([sent.status, sent.headers.location, sent.text], [302, link, ""]);
      assertEquals((await drive("system/recording_thumbnail")).json.code, "not_found");
      for (const number of ["000000", "000010"]) aws.objects.set(`${folder}/thumbnail_${number}.jpg`, "a picture");
      const picture = await drive("system/recording_thumbnail");
      assertEquals([picture.status, picture.headers["cache-control"]], [302, "private, max-age=10"]);
      assertEquals(new URL(String(picture.headers.location)).pathname, `/${BUCKET}/${folder}/thumbnail_000010.jpg`);
      const clip = await drive("system/recording_clip");
      assertEquals([clip.status, clip.json.code], [403, "not_configured"]);
      assert(clip.json.remedy.includes(`roomtone recordings clip ${RUNNING}`), clip.json.remedy);
      const outside = await drive("system/recording_file_outside");
      assertEquals([outside.status, outside.json.code], [400, "invalid_input"]);
    });

    it("holds a long poll until there are events", async () => {
      const page = drive("system/recording_events_long_poll");
      const lines = [{ json: '{"type":"chat","text":"hello"}', type: "chat" as const, at: T0, id: "1", diamonds: 0 }];
      for (const batch of await packEvents(lines, { recordingId: SILENT, seq: 2, token: 1 })) {
        await store.appendEvents(batch);
      }
      const { status, json } = await page;
      assertEquals([status, json.events], [200, [{ type: "chat", text: "hello" }]]);
    });

    it("lists alerts, and sends dead ones again", async () => {
      const id = `live_started:${FINISHED}`;
      const facts = {
        id,
        kind: "live_started",
        recordingId: FINISHED,
        username: "past.host",
        at: T0,
        data: {},
      } as const;
      const expiresAt = Date.now() + 86_400_000;
      await store.putAlert(facts, { now: T0, expiresAt });
      const deliveries = { ops: { state: "dead", tries: 15, problem: "the answer has status 500" } } as const;
      await store.settleAlert({ id, claimToken: 0 }, { state: "dead", deliveries, expiresAt });
      const sent = await drive("system/alert_resend");
      assertEquals([sent.status, sent.json.state, sent.json.deliveries.ops.tries], [202, "pending", 0]);
      assertEquals((await drive("system/alerts")).json.alerts.map((alert: { id: string }) => alert.id), [id]);
      assertEquals((await drive("system/alert_resend")).status, 409);
    });

    it("gives events as files, totals of a host, and what the canary knows", async () => {
      const [first = "{}"] = (await drive("system/events_jsonl")).text.split("\n");
      assertEquals(JSON.parse(first).type, "like");
      assertEquals((await drive("system/events_csv")).text.split(/\r?\n/).filter((line) => line !== "").length, 5);
      assert((await drive("system/chat_vtt")).text.startsWith("WEBVTT"));
      // No consumer runs here.
      assertEquals((await drive("system/host_totals")).json.code, "not_found");
      assertEquals((await drive("system/canary")).json.ran_at, null);
      assertEquals((await drive("system/canary_accept")).status, 404);
    });

    it("shows the system at work: what the table knows of recorders, and nothing of a process of its own", async () => {
      const { tiktok, disk, trouble, recorders, waiting } = (await drive("system/system")).json;
      assertEquals([tiktok, disk, trouble, waiting], [undefined, undefined, undefined, []]);
      assertEquals(recorders.map(({ slots }: { slots: number }) => slots), [8]);
      assertEquals(recorders[0].recordings.map(({ id }: { id: string }) => id).sort(), [RUNNING, SILENT]);
    });

    it("reads what was logged about a recording", async () => {
      const line = { at: T0, level: "info", event: "recording_started", fields: { part: 1 } } as const;
      await store.appendLog(RUNNING, { at: T0, id: "a", lines: [line, { ...line, event: "room_connected" }] });
      assertEquals((await drive("system/recording_log")).json.lines, [line]);
    });

    it("keeps recordings, and tells what would go by policy and of a host", async () => {
      assertEquals((await drive("system/recording_keep")).json.kept, true);
      assertEquals((await drive("system/recording_unkeep")).json.kept, false);
      const due = await drive("system/retention_dry");
      assertEquals([due.status, due.json.dry_run, due.json.removed], [200, true, []]);
      const host = await drive("system/host_remove_dry");
      assertEquals(host.json.removed.map((each: { recording_id: string }) => each.recording_id), [FINISHED]);
      assertEquals(host.json.unfinished.sort(), [RUNNING, SILENT]);
    });

    it("starts, stops and deletes recordings", async () => {
      const launches = () => aws.calls.filter((call) => call.startsWith("ecs:"));
      aws.refused.add("ecs:RunTask");
      const started = await drive("system/recording_start");
      assertEquals([started.status, started.json.state, started.json.username], [201, "wanted", "live.host"]);
      assertEquals(started.headers.location, `/recordings/${started.json.id}`);
      const log = hosts.get("system")?.log ?? [];
      assertEquals(log.filter((line) => JSON.parse(line).event === "recorder_tasks_not_started").length, 1);
      aws.refused.clear();
      aws.calls.length = 0;
      assertEquals((await drive("system/recording_start")).status, 200);
      assertEquals(launches(), ["ecs:ListTasks", "ecs:RunTask"]);
      assertEquals((await drive("system/recording_stop")).status, 202);
      const [mine, other] = [`recordings/past.host/${FINISHED}/`, `recordings/past.host/${RUNNING}/`];
      for (const name of ["init.mp4", "segment_0.m4s", "events.jsonl"]) aws.objects.set(`${mine}${name}`, "x");
      aws.objects.set(`${other}init.mp4`, "x");
      assertEquals((await drive("system/recording_delete")).status, 204);
      assertEquals([...aws.objects.keys()].filter((key) => key.startsWith(mine)), []);
      assert(aws.objects.has(`${other}init.mp4`));
      assertEquals(await store.getRecording(FINISHED), undefined);
    });
  });

  describe("with the operator's session and signer in a parameter", () => {
    const name = "/roomtone/test/identity";
    const secrets = { tiktokCookies: `sessionid=${SESSION_ID}`, eulerKey: SIGNER_KEY };

    /** Starts one more process of a group. */
    async function asOperator(
      group: RouteGroup,
      more: Record<string, string>,
      test: (host: LambdaHost) => Promise<void>,
    ) {
      const env = { ROOMTONE_IDENTITY_PARAMETER: name, ROOMTONE_EULER_URL: standin.url, ...more };
      const host = startLambda(join(folder, group, "index.mjs"), environment(env));
      try {
        aws.calls.length = 0;
        await test(host);
        const log = host.log.join("\n");
        assert(!log.includes(SESSION_ID) && !log.includes(SIGNER_KEY), "no secret is in the log");
      } finally {
        await host.stop();
      }
    }

    it("lists of users are read with them, which are asked for once and not before", async () => {
      aws.parameters.set(name, JSON.stringify(secrets));
      await asOperator("followings", {}, async (host) => {
        assertEquals((await drive("followings/no_key", {}, host)).status, 401);
        assertEquals(aws.calls, []);
        for (const file of ["as_operator", "followers_as_operator"]) {
          const { status, json } = await drive(`followings/${file}`, {}, host);
          assertEquals([status, json.requestDetails?.count], [200, "5"], file);
        }
        assertEquals(aws.calls, ["ssm:GetParameter"]);
      });
    });

    it("messages are sent where that is switched on", async () => {
      aws.parameters.set(name, JSON.stringify(secrets));
      await asOperator("system", { ROOMTONE_SEND_MESSAGES: "true" }, async (host) => {
        const { status, json } = await drive("system/send_message", {}, host);
        assertEquals([status, json.sent], [200, true]);
      });
      await asOperator("system", {}, async (host) => {
        assertEquals((await drive("system/send_message", {}, host)).json.code, "not_configured");
        assertEquals(aws.calls, []);
      });
    });

    it("a parameter that cannot be used fails what needs it, and nothing else", async () => {
      aws.parameters.set(name, `sessionid=${SESSION_ID}`);
      await asOperator("system", {}, async (host) => {
        const { status, json } = await drive("system/watch_import_followings", {}, host);
        assertEquals([status, json.code], [500, "internal"]);
        assertEquals((await drive("system/watch_list", {}, host)).status, 200);
        aws.parameters.delete(name);
        assertEquals((await drive("system/watch_import_followings", {}, host)).status, 200);
      });
    });
  });

  it("were driven with every event file, and every route with one", () => {
    const files = GROUPS.flatMap((group) =>
      readdirSync(join(EVENTS, group)).map((name) => `${group}/${name.replace(/\.json$/, "")}`)
    );
    assertEquals([...driven].sort(), files.sort());
    const keys = new Set(files.map((file) => JSON.parse(readFileSync(join(EVENTS, `${file}.json`), "utf8")).routeKey));
    const missing = GROUPS.flatMap((group) =>
      ROUTE_GROUPS[group].map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    ).concat(PAGE_PATHS.map((path) => `GET ${path}`)).filter((key) => !keys.has(key));
    assertEquals(missing, []);
  });
});

/** What a client gets to see of a function's answer. */
function readAnswer(
  { statusCode: status, headers = {}, body = "", isBase64Encoded }: APIGatewayProxyStructuredResultV2,
) {
  const text = isBase64Encoded ? Buffer.from(body, "base64").toString() : body;
  const type = String(headers["content-type"] ?? "").replace(/;.*$/, "");
  const json = /\bjson$/.test(type) ? JSON.parse(text) : undefined;
  return { status, type, text, json, headers: headers as Record<string, string | undefined> };
}

/** Stores the recordings that the events are about. */
async function seed(store: Store): Promise<void> {
  for (const roomId of [RUNNING, FINISHED, SILENT]) {
    await store.wantRecording({ roomId, username: "past.host", title: "Tea" }, T0);
    await store.claimRecordings({ owner: "a", now: T0, leaseMs: 86_400_000, limit: 10 });
    const lease = { recordingId: roomId, token: 1 };
    await store.addPart(lease, { folder: `past.host/${roomId}`, startedAt: T0 });
    await store.openEvents(lease, T0);
  }
  const event = (type: "chat" | "gift" | "like", at: number) => (
    { json: JSON.stringify({ type, at }), type, at, id: String(at), diamonds: 0 }
  );
  const lines = [event("like", T0), event("chat", T0 + 1), event("gift", T0 + 2), event("chat", T0 + 3)];
  for (const batch of await packEvents(lines, { recordingId: RUNNING, seq: 2, token: 1 })) {
    await store.appendEvents(batch);
  }
  const lease = { recordingId: FINISHED, token: 1 };
  await store.finishRecording(lease, { endedAt: T0 + 60_000, outcome: { kind: "ended" } });
}
