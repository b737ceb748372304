/**
 * A recording by hand, over real HTTP: started, followed by long poll and as a stream, stopped, played and deleted.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { loadConfig, LocalConfig, type LocalSystem, startLocal } from "@roomtone/functions/local";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

const HOST = "some.host";

interface EventsPage {
  events: { type: string }[];
  after: string;
  finished: boolean;
}

describe("recordings by hand on the stand-in", () => {
  let dataDir: string;
  let standin: Standin;
  let logger: CaptureLogger;
  let system: LocalSystem;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "roomtone-hand-"));
    standin = await startStandin({ seed: "hand" });
    await standin.prepareMedia();
    logger = new CaptureLogger();
    const config = loadConfig(LocalConfig, {
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_CLAIM_INTERVAL_MS: "100",
      ROOMTONE_FLUSH_MS: "300",
      ROOMTONE_SEGMENT_MS: "1000",
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
      ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
    });
    system = await startLocal(config, { logger });
  });
  afterEach(async () => {
    await system.stop();
    await standin.stop();
    await rm(dataDir, { recursive: true });
  });

  async function ask<T>(method: string, path: string, body?: unknown): Promise<{ status: number; json: T }> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${system.url}${path}`, {
      method,
      ...body === undefined ? {} : { body: JSON.stringify(body), headers },
    });
    const text = await response.text();
    return { status: response.status, json: (text === "" ? undefined : JSON.parse(text)) as T };
  }
  const start = () => ask<{ id: string; code: string }>("POST", "/recordings", { username: HOST });

  it("starts, is followed, stops, is played and deleted", { timeout: 60_000 }, async () => {
    standin.room(HOST);
    const early = await start();
    assertEquals([early.status, early.json.code], [404, "offline"]);
    const { roomId } = standin.room(HOST).startLive();
    assertEquals((await start()).status, 201);
    assertEquals((await start()).status, 200);
    const base = `/recordings/${roomId}`;
    assertEquals((await ask("DELETE", base)).status, 409);

    const stream = await fetch(`${system.url}${base}/events`, { headers: { accept: "text/event-stream" } });
    assertEquals(stream.headers.get("content-type"), "text/event-stream");
    const streamed = stream.text();

    const polled: { type: string }[] = [];
    let after = "0";
    let stopped = false;
    for (let finished = false; !finished;) {
      const { json } = await ask<EventsPage>("GET", `${base}/events?after=${after}&limit=20&waitMs=20000`);
      assert(json.events.length > 0 || json.finished);
      polled.push(...json.events);
      ({ after, finished } = json);
      const { json: now } = await ask<{ segments: number }>("GET", base);
      if (polled.length > 20 && now.segments > 0 && !stopped) {
        stopped = true;
        assertEquals((await ask("POST", `${base}/stop`)).status, 202);
      }
    }
    const { json: recording } = await ask<{ state: string; outcome: { kind: string } }>("GET", base);
    assertEquals([recording.state, recording.outcome.kind], ["finished", "stopped"]);
    assertEquals((await ask("POST", `${base}/stop`)).status, 200);

    const lines = (await streamed).split("\n");
    const data = lines.filter((line) => line.startsWith("data: ")).map((line) => JSON.parse(line.slice(6)));
    assertEquals(data.slice(0, -1), polled);
    assert(lines.includes("event: finished"));

    const recount: Record<string, number> = {};
    for (const { type } of polled) recount[type] = (recount[type] ?? 0) + 1;
    const totals = () => ask<{ types: Record<string, number>; after: string }>("GET", `${base}/totals`);
    let sums = await totals();
    while (sums.json.after !== after) sums = await totals();
    assertEquals(sums.json.types, recount);

    const playlist = await (await fetch(`${system.url}${base}/index.m3u8`)).text();
    const file = playlist.split("\n").find((line) => line !== "" && !line.startsWith("#"));
    const url = `${system.url}${base}/${file}`;
    const head = await fetch(url, { method: "HEAD" });
    const size = Number(head.headers.get("content-length"));
    const etag = head.headers.get("etag") ?? "";
    const whole = new Uint8Array(await (await fetch(url)).arrayBuffer());
    assertEquals([head.status, size], [200, whole.length]);
    const ranged = await fetch(url, { headers: { range: `bytes=${size - 10}-`, "if-range": etag } });
    assertEquals([ranged.status, new Uint8Array(await ranged.arrayBuffer())], [206, whole.slice(-10)]);
    const known = await fetch(url, { headers: { "if-none-match": etag } });
    assertEquals([known.status, await known.text()], [304, ""]);

    assertEquals((await ask("DELETE", base)).status, 204);
    assertEquals((await ask("GET", base)).status, 404);
    assertEquals(await readdir(system.recordingsDir), []);
    assertEquals(logger.lines.filter((line) => line.level === "error"), []);
  });
});
