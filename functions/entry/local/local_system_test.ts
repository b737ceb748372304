import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { getRandomValues } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import * as v from "valibot";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../../tests/fakes/fake_lookup.ts";
import { FakeRecorder } from "../../../tests/fakes/fake_recorder.ts";
import { ManualClock, until } from "../../../tests/fakes/manual_clock.ts";
import { loadConfig, LocalConfig } from "../../contract/config.ts";
import type { SystemEvent } from "../../ports/observer.ts";
import { RecordingLogReply, SystemReply } from "../../contract/schemas.ts";
import { createKey } from "../../core/api_keys.ts";
import { openKeys } from "./key_stores.ts";
import { type LocalDeps, type LocalSystem, openLocalStore, startLocal } from "./local_system.ts";
import { listen } from "./server.ts";

const ROOM = "7300000000000000001";

describe("startLocal()", () => {
  let dataDir: string;
  let clock: ManualClock;
  let lookup: FakeLookup;
  let recorder: FakeRecorder;
  let logger: CaptureLogger;
  let seen: SystemEvent["kind"][];
  let repaired: string[];
  let systems: LocalSystem[];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "roomtone-local-"));
    clock = new ManualClock();
    lookup = new FakeLookup();
    recorder = new FakeRecorder();
    logger = new CaptureLogger();
    seen = [];
    repaired = [];
    systems = [];
  });
  afterEach(async () => {
    for (const system of systems) await system.stop();
    await rm(dataDir, { recursive: true });
  });

  const start = async (env: Record<string, string> = {}, more: LocalDeps = {}) => {
    const config = loadConfig(LocalConfig, { ROOMTONE_PORT: "0", ROOMTONE_DATA_DIR: dataDir, ...env });
    const repair = (folder: string) => {
      repaired.push(basename(folder));
      return Promise.resolve();
    };
    const observe = (event: SystemEvent) => void seen.push(event.kind);
    const deps = { lookup, recorder, repair, logger, observe, clock, random: () => 0.5, ...more };
    const system = await startLocal(config, deps);
    systems.push(system);
    return system;
  };
  const getJson = async (system: LocalSystem, path: string): Promise<Record<string, unknown>> => {
    const response = await fetch(`${system.url}${path}`);
    assertEquals(response.status, 200);
    return await response.json() as Record<string, unknown>;
  };

  it("finds a live of the watchlist, records it and keeps totals", async () => {
    const system = await start();
    assertEquals((await fetch(`${system.url}/watchlist/some.host`, { method: "PUT" })).status, 201);
    lookup.live("some.host", ROOM);
    await clock.advance(1_000);
    await until(() => recorder.runs.length === 1);
    recorder.last().started(clock.now());
    recorder.last().chat("hello");
    recorder.last().segment();
    recorder.last().end({ kind: "ended" });
    await until(() => seen.includes("recording_finished"));
    await until(async () => {
      await clock.advance(100);
      return ((await system.store.getTotals(ROOM))?.count ?? 0) > 0;
    });
    const recording = await getJson(system, `/recordings/${ROOM}`);
    assertEquals([recording["state"], recording["segments"]], ["finished", 1]);
    assertEquals((recording["totals"] as { types: unknown }).types, { chat: 1 });
    assertEquals((await getJson(system, `/recordings/${ROOM}/events`))["events"], [{
      type: "chat",
      id: "",
      text: "hello",
    }]);
    assertEquals(seen, ["live_found", "recording_started", "event", "recording_stopped", "recording_finished"]);
  });

  it("shows its recorder and slots, its disk, its ways to TikTok, and the trouble of the last minutes", async () => {
    const system = await start();
    await system.store.wantRecording({ roomId: ROOM, username: "some.host", title: "" }, clock.now());
    await clock.advance(1_000);
    await until(() => recorder.runs.length === 1);
    const startedAt = clock.now();
    recorder.last().started(startedAt);
    await until(async () => (await system.store.getRecording(ROOM))?.startedAt !== undefined);
    const shown = v.parse(SystemReply, await getJson(system, "/system"));
    assertEquals(shown.recorders.map(({ slots, recordings }) => [slots, recordings.length]), [[8, 1]]);
    assertEquals(shown.recorders[0]?.recordings[0]?.started_at, startedAt);
    assertEquals(shown.tiktok?.routes.map(({ route, state }) => [route, state]), [["direct", "unknown"]]);
    assertEquals([shown.disk?.low, (shown.disk?.total_bytes ?? 0) > (shown.disk?.free_bytes ?? 0)], [false, true]);
    assertEquals(shown.trouble?.kinds, []);
    recorder.last().end({ kind: "failed", code: "network", detail: "gone", retryable: true });
    await until(async () => (await system.store.getRecording(ROOM))?.state === "wanted");
    const { waiting, recorders } = v.parse(SystemReply, await getJson(system, "/system"));
    assertEquals(waiting.map(({ id, failures }) => [id, failures]), [[ROOM, 1]]);
    assertEquals(recorders.map(({ recordings }) => recordings), [[]]);
  });

  it("keeps what it logs about a recording until the recording is deleted", async () => {
    const system = await start();
    await system.store.wantRecording({ roomId: ROOM, username: "some.host", title: "" }, clock.now());
    await clock.advance(1_000);
    await until(() => recorder.runs.length === 1);
    recorder.last().started(clock.now());
    const json = JSON.stringify({ type: "connected", route: "signed", roomInfo: { title: "not told" } });
    recorder.last().tell({ type: "event", event: { type: "connected", id: "", at: 1, diamonds: 0, json } });
    recorder.last().chat("not told either");
    recorder.last().end({ kind: "ended" });
    const logged = async () => v.parse(RecordingLogReply, await getJson(system, `/recordings/${ROOM}/log`)).lines;
    await until(async () => (await logged()).length === 3);
    assertEquals((await logged()).map(({ event, fields }) => [event, Object.keys(fields).sort()]), [
      ["recording_started", ["folder", "part"]],
      ["room_connected", ["route"]],
      ["recording_finished", ["result", "segments"]],
    ]);
    assertEquals((await fetch(`${system.url}/recordings/${ROOM}`, { method: "DELETE" })).status, 204);
    assertEquals((await fetch(`${system.url}/recordings/${ROOM}/log`)).status, 404);
    assertEquals((await system.store.readLog(ROOM, "", 10)).lines, []);
  });

  it("hands its recordings over when it stops, and takes them up at the next start", async () => {
    const first = await start();
    await first.store.wantRecording({ roomId: ROOM, username: "host", title: "" }, clock.now());
    await clock.advance(1_000);
    await until(() => recorder.runs.length === 1);
    await first.stop();
    await start();
    await until(() => recorder.runs.length === 2);
    assertEquals(recorder.last().job.part, 2);
    await assertRejects(() => fetch(`${first.url}/health`));
  });

  it("takes up what a crash left open at once, and closes the folders that have no manifest", async () => {
    const store = openLocalStore({ dataDir });
    await store.wantRecording({ roomId: ROOM, username: "host", title: "" }, clock.now());
    await store.claimRecordings({ owner: "dead", now: clock.now(), leaseMs: 600_000, limit: 1 });
    const dead = { recordingId: ROOM, token: 1 };
    await store.addPart(dead, { folder: "host/open", startedAt: clock.now() });
    const segment = (index: number) => ({
      ...{ index, uri: `segment_${index}.m4s`, startAt: 1, durationMs: 6_000, bytes: 9, sha256: "00".repeat(32) },
    });
    await store.addSegment(dead, { ...segment(0), part: 1 });
    store.close();
    const host = join(dataDir, "recordings", "host");
    for (const folder of ["open", "closed"]) await mkdir(join(host, folder), { recursive: true });
    await writeFile(join(host, "closed", "manifest.json"), "{}");
    const repair = async (folder: string) => {
      repaired.push(basename(folder));
      const segments = [0, 1].map((index) => ({ ...segment(index), startMs: index * 6_000 }));
      const totals = { durationMs: 12_000, bytes: 18, segments: 2, missingMs: 0 };
      await writeFile(join(folder, "manifest.json"), JSON.stringify({ roomId: ROOM, segments, gaps: [], totals }));
    };
    const system = await start({}, { repair });
    await until(() => repaired.length > 0);
    assertEquals(repaired, ["open"]);
    await until(() => recorder.runs.length === 1);
    assert(logger.events().includes("recordings_taken_up_again"));
    // The recorder died before it told of its last segment.
    await until(async () => (await system.store.getRecording(ROOM))?.segments === 2);
    const { items } = await system.store.listSegments(ROOM, { limit: 9 });
    assertEquals(items, [0, 1].map((index) => ({ ...segment(index), part: 1 })));
  });

  it("deletes recordings when they are as old as the policy says, files first", async () => {
    const seconds = (count: number) => count / 86_400;
    const policy = { default: { recordingDays: seconds(10) }, hosts: { other: { recordingDays: null } } };
    const system = await start({ ROOMTONE_RETENTION: JSON.stringify(policy), ROOMTONE_RETENTION_INTERVAL_MS: "1000" });
    const { store } = system;
    for (const [roomId, username] of [[ROOM, "host"], ["1", "other"]] as const) {
      await mkdir(join(system.recordingsDir, `${username}_1`));
      await store.wantRecording({ roomId, username, title: "" }, clock.now());
    }
    await clock.advance(1_000);
    await until(() => recorder.runs.length === 2);
    for (const run of recorder.runs) {
      run.started(clock.now());
      run.end({ kind: "ended" });
    }
    await until(() => seen.filter((kind) => kind === "recording_finished").length === 2);
    await clock.advance(9_000);
    assertEquals((await store.listRecordings({ limit: 9 })).items.length, 2);
    await clock.advance(2_000);
    await until(async () => await store.getRecording(ROOM) === undefined);
    assertEquals((await store.listRecordings({ limit: 9 })).items.map(({ id }) => id), ["1"]);
    assertEquals(["host_1", "other_1"].map((each) => existsSync(join(system.recordingsDir, each))), [false, true]);
  });

  it("has the data folder to itself, while the watchlist can be changed from outside", async () => {
    const system = await start();
    assertStringIncludes(String(await assertRejects(() => start())), "another process works in it");
    const outside = openLocalStore({ dataDir });
    await outside.putWatch("some.host", clock.now());
    outside.close();
    assertEquals((await system.store.getWatch("some.host"))?.username, "some.host");
  });

  it("wants API keys when it is bound to an address that others reach, whatever name they reach it by", async () => {
    const asked: string[] = [];
    const onLoopback: typeof listen = (app, address) => {
      asked.push(address.host);
      return listen(app, { ...address, host: "127.0.0.1" });
    };
    const { url } = await start({ ROOMTONE_HOST: "0.0.0.0" }, { listen: onLoopback });
    assertEquals(asked, ["0.0.0.0"]);
    assertEquals([(await fetch(`${url}/watchlist`)).status, (await fetch(`${url}/health`)).status], [401, 200]);
    const keys = await openKeys({ ROOMTONE_DATA_DIR: dataDir });
    const random = (bytes: Uint8Array) => getRandomValues(bytes);
    const { secret } = await createKey({ keys, now: clock.now(), random }, { name: "test", scopes: ["read"] });
    keys.close();
    const headers = { authorization: `Bearer ${secret}` };
    const answer = await fetch(`${url}/watchlist`, { headers });
    assertEquals([answer.status, answer.headers.get("ratelimit")], [200, `"key";r=599;t=1`]);
    assertEquals((await fetch(`${url}/watchlist/some.host`, { method: "PUT", headers })).status, 403);
  });

  it("is open on loopback, also under the name localhost", async () => {
    const { url } = await start({ ROOMTONE_HOST: "localhost", ROOMTONE_CORS_ORIGINS: "https://app.example" });
    assertEquals((await fetch(`${url}/watchlist`)).status, 200);
    assertEquals((await fetch(`${url}/watchlist`, { headers: { origin: "https://evil.example" } })).status, 403);
    const own = await fetch(`${url}/watchlist`, { headers: { origin: "https://app.example" } });
    assertEquals(own.headers.get("access-control-allow-origin"), "https://app.example");
    assertThrows(() => loadConfig(LocalConfig, { ROOMTONE_CORS_ORIGINS: "https://app.example/path" }));
  });

  it("says so when the port is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const error = await assertRejects(() => start({ ROOMTONE_PORT: String(port) }));
    assertStringIncludes(String(error), `Cannot listen on 127.0.0.1 port ${port}`);
    taken.close();
    await start();
  });

  it("refuses requests under a foreign host name, over real HTTP too", async () => {
    const system = await start();
    const { hostname, port } = new URL(system.url);
    const { request } = await import("node:http");
    const status = await new Promise((resolve, reject) => {
      const asked = request({ hostname, port, path: "/health", headers: { host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on("error", reject);
      asked.end();
    });
    assertEquals(status, 403);
  });
});
