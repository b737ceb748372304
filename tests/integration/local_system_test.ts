/**
 * The main job, end to end on one machine: a live on the stand-in is found, recorded, and its events are stored.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { loadConfig, LocalConfig, type LocalSystem, startLocal, type SystemEvent } from "@roomtone/functions/local";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

const HOST = "some.host";
/** Types that the client makes itself: no message of the room stands behind them. */
const CLIENT_TYPES = new Set(["connected", "state", "gap", "ended"]);

interface StoredEvent {
  type: string;
  id: string;
  /** From before the join; TikTok replays some. */
  history: boolean;
}

describe("the local system on the stand-in", () => {
  let dataDir: string;
  let standin: Standin;
  let logger: CaptureLogger;
  let system: LocalSystem | undefined;
  let told: SystemEvent[];
  let listeners: (() => void)[];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "roomtone-system-"));
    standin = await startStandin({ seed: "system" });
    await standin.prepareMedia();
    logger = new CaptureLogger();
    told = [];
    listeners = [];
  });
  afterEach(async () => {
    await system?.stop();
    await standin.stop();
    await rm(dataDir, { recursive: true });
  });

  async function start(): Promise<LocalSystem> {
    const config = loadConfig(LocalConfig, {
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_POLL_INTERVAL_MS: "300",
      ROOMTONE_POLL_TICK_MS: "100",
      ROOMTONE_CLAIM_INTERVAL_MS: "100",
      ROOMTONE_FLUSH_MS: "500",
      ROOMTONE_SEGMENT_MS: "2000",
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
      ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
    });
    const observe = (event: SystemEvent) => {
      told.push(event);
      for (const each of listeners) each();
    };
    return system = await startLocal(config, { logger, observe });
  }

  /** Waits until the system has told what is asked for. */
  function heard(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (condition()) resolve();
      };
      listeners.push(check);
      check();
    });
  }
  const count = (kind: SystemEvent["kind"]) => told.filter((event) => event.kind === kind).length;

  async function getJson<T>(path: string): Promise<T> {
    const response = await fetch(`${system?.url}${path}`);
    assertEquals(response.status, 200, path);
    return await response.json() as T;
  }

  async function storedEvents(id: string): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    for (let after = "0", finished = false; !finished;) {
      const page = await getJson<{ events: StoredEvent[]; after: string; finished: boolean }>(
        `/recordings/${id}/events?after=${after}`,
      );
      events.push(...page.events);
      ({ after, finished } = page);
    }
    return events;
  }

  it(
    "finds a live, records it, stores each of its events once, and serves the recording",
    { timeout: 60_000 },
    async () => {
      const { url } = await start();
      assertEquals((await fetch(`${url}/watchlist/@${HOST}`, { method: "PUT" })).status, 201);
      const room = standin.room(HOST);
      const { roomId } = room.startLive({ durationMs: 7_000, title: "hello" });
      await heard(() => count("recording_finished") === 1);

      const recording = await getJson<
        { state: string; segments: number; duration_ms: number; parts: { folder: string }[] }
      >(
        `/recordings/${roomId}`,
      );
      assertEquals(recording.state, "finished");
      assert(recording.segments >= 2 && recording.duration_ms > 4_000, JSON.stringify(recording));
      const stored = (await storedEvents(roomId)).filter(({ type, history }) => !CLIENT_TYPES.has(type) && !history);
      const sent = room.stats().ids;
      assert(sent.length > 20);
      assertEquals(stored.map(({ id }) => id).sort(), [...sent].sort());

      // Totals come through the change feed, a little later; they are complete once the system has stopped.
      const folder = join(system?.recordingsDir ?? "", recording.parts[0]?.folder ?? "");
      const playlist = await (await fetch(`${url}/recordings/${roomId}/index.m3u8`)).text();
      assert(playlist.includes("#EXT-X-ENDLIST"));
      const files = playlist.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      assertEquals(files.length, recording.segments);
      const segment = `${url}/recordings/${roomId}/${files[0]}`;
      const whole = new Uint8Array(await (await fetch(segment)).arrayBuffer());
      const ranged = await fetch(segment, { headers: { range: "bytes=10-19" } });
      assertEquals([ranged.status, new Uint8Array(await ranged.arrayBuffer())], [206, whole.slice(10, 20)]);
      JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"));

      const links = await getJson<{ error: string }>(`/api/links?usernames[]=${HOST}`);
      assertEquals(links.error, "User is not live");
      await system?.stop();
      await start();
      const { totals } = await getJson<{ totals: { events: number; types: Record<string, number> } }>(
        `/recordings/${roomId}`,
      );
      const recount: Record<string, number> = {};
      for (const { type } of await storedEvents(roomId)) recount[type] = (recount[type] ?? 0) + 1;
      assertEquals(totals.types, recount);
      assertEquals(logger.lines.filter((line) => line.level === "error"), []);
    },
  );

  it(
    "hands a recording over when it stops, and goes on with it in a new part at the next start",
    { timeout: 60_000 },
    async () => {
      const first = await start();
      await first.store.putWatch(HOST, 0);
      const { roomId } = standin.room(HOST).startLive();
      await heard(() => count("recording_started") === 1 && count("event") > 10);
      await first.stop();
      assertEquals(count("recording_finished"), 0);
      const eventsBefore = count("event");
      await start();
      await heard(() => count("recording_started") === 2 && count("event") > eventsBefore + 10);
      standin.room(HOST).fault({ kind: "offline" });
      await heard(() => count("recording_finished") === 1);
      const recording = await getJson<{ parts: { part: number }[]; outcome: { kind: string } }>(
        `/recordings/${roomId}`,
      );
      assertEquals([recording.parts.length, recording.outcome.kind], [2, "ended"]);
      const ids = (await storedEvents(roomId)).filter(({ type, id }) => !CLIENT_TYPES.has(type) && id !== "").map((
        { id },
      ) => id);
      assertEquals(new Set(ids).size, ids.length);
    },
  );
});
