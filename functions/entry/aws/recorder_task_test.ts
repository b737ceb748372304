import { assert, assertEquals } from "@std/assert";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../../../tests/engines/dynamodb_table.ts";
import { type AwsServices, BUCKET, startAwsServices } from "../../../tests/fakes/aws_services.ts";
import { type Standin, startStandin } from "../../../tests/standin/mod.ts";
import { dynamoStore } from "../../adapters/aws/dynamo_store.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { Store } from "../../ports/store.ts";

const TABLE_NAME = "recorder-task-test";
const ffmpegPath = process.env.ROOMTONE_FFMPEG ?? "ffmpeg";
const hasFfmpeg = spawnSync(ffmpegPath, ["-version"]).status === 0;
if (!hasFfmpeg && process.env.CI === "true") throw new Error("ffmpeg is not installed; with CI=true that is a failure");
const { engine, skipped } = hasFfmpeg
  ? await startDynamoDbLocal()
  : { engine: undefined, skipped: "ffmpeg is not installed" };

/** The task as a process of its own. */
class Task {
  readonly exit: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #lines: Record<string, unknown>[] = [];
  readonly #waiting = new Map<string, (line: Record<string, unknown>) => void>();
  #stderr = "";

  constructor(env: Record<string, string>) {
    const program = fileURLToPath(new URL("./recorder.task.ts", import.meta.url));
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => this.#stderr += text);
    createInterface({ input: child.stdout }).on("line", (text) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      this.#lines.push(line);
      this.#waiting.get(String(line.event))?.(line);
    });
    this.exit = new Promise((resolve) => child.once("close", resolve));
    this.#child = child;
  }

  /** Waits for a line of the log; fails when the task ends without it. */
  async saw(event: string): Promise<Record<string, unknown>> {
    const earlier = this.#lines.find((line) => line.event === event);
    const line = earlier ?? await Promise.race([
      new Promise<Record<string, unknown>>((resolve) => this.#waiting.set(event, resolve)),
      this.exit.then(() => undefined),
    ]);
    assert(line !== undefined, `the task ended without ${event}: ${JSON.stringify(this.#lines)} ${this.#stderr}`);
    return line;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

describe("recorder task", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});

  let standin: Standin;
  let client: DynamoDBClient;
  let store: Store;
  let dataDir: string;
  let task: Task | undefined;
  let aws: AwsServices;

  before(async () => {
    aws = await startAwsServices();
    standin = await startStandin({ media: { ffmpegPath } });
    client = localDynamoDb(engine.endpoint);
    await createTable(client, TABLE_NAME);
    store = dynamoStore({ client, name: TABLE_NAME, clock: systemClock, random: Math.random });
    await standin.prepareMedia();
  });
  after(async () => {
    client.destroy();
    await standin.stop();
    await aws.stop();
    await engine.stop();
  });
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "roomtone-task-"));
  });
  afterEach(async () => {
    task?.kill("SIGKILL");
    await task?.exit;
    task = undefined;
    await rm(dataDir, { recursive: true });
  });

  const start = (env: Record<string, string> = {}): Task =>
    task = new Task({
      ...aws.env,
      ROOMTONE_TABLE_NAME: TABLE_NAME,
      ROOMTONE_BUCKET_NAME: BUCKET,
      ROOMTONE_DYNAMODB_URL: engine.endpoint,
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
      ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_FFMPEG: process.env.ROOMTONE_FFMPEG ?? "",
      ROOMTONE_FLUSH_MS: "200",
      ROOMTONE_SEGMENT_MS: "1000",
      ...env,
    });

  it("leaves when there is nothing to do", async () => {
    const idle = start({ ROOMTONE_IDLE_EXIT_MS: "1000" });
    await idle.saw("recorder_left");
    assertEquals(await idle.exit, 0);
  });

  it(
    "claims a recording, stores its segments and events, brings its files to the bucket, and hands it over on SIGTERM",
    { timeout: 90_000 },
    async () => {
      const room = standin.room("live.host");
      room.startLive({ seed: "1" });
      const { roomId } = room.stats();
      await store.wantRecording({ roomId, username: "live.host", title: "" }, Date.now());
      const first = start();
      await first.saw("recording_started");
      await room.until((stats) => stats.acked >= 20);
      first.kill("SIGTERM");
      assertEquals((await first.saw("recorder_stopping")).recordings, 1);
      assertEquals(await first.exit, 0);
      const handedOver = await store.getRecording(roomId);
      assertEquals([handedOver?.state, handedOver?.leaseOwner, handedOver?.parts.length], ["wanted", undefined, 1]);
      assert((handedOver?.segments ?? 0) >= 1);
      const batches = await store.listEvents(roomId, { after: 0, limit: 1_000 });
      assert(batches.reduce((sum, { count }) => sum + count, 0) >= 20);

      const second = start();
      assertEquals((await second.saw("recording_started")).part, 2);
      room.endLive();
      await second.saw("recording_finished");
      const recording = await store.getRecording(roomId);
      assertEquals(recording?.outcome?.kind, "ended");

      const segments = await store.listSegments(roomId, { limit: 1_000 });
      assertEquals(segments.items.length, recording?.segments);
      for (const { part, uri, sha256 } of segments.items) {
        const folder = recording?.parts.find((each) => each.part === part)?.folder;
        const bytes = Buffer.from(aws.objects.get(`recordings/${folder}/${uri}`) ?? "", "latin1");
        assertEquals(createHash("sha256").update(bytes).digest("hex"), sha256);
      }
      for (const { part, folder } of recording?.parts ?? []) {
        const init = segments.items.some((segment) => segment.part === part) ? ["init_0000.mp4"] : [];
        for (const name of ["index.m3u8", ...init, "manifest.json", "events.jsonl"]) {
          assert(aws.objects.has(`recordings/${folder}/${name}`), `${folder}/${name}`);
        }
      }
      const files = await readdir(join(dataDir, "recordings"), { recursive: true });
      assertEquals(files, []);
    },
  );

  it(
    "after SIGKILL, and without its disk, another task resumes the recording in a new part; what was listed is there",
    { timeout: 90_000 },
    async () => {
      const room = standin.room("killed.host");
      room.startLive({ seed: "2" });
      const { roomId } = room.stats();
      await store.wantRecording({ roomId, username: "killed.host", title: "" }, Date.now());
      const env = { ROOMTONE_LEASE_MS: "3000", ROOMTONE_SEGMENT_MS: "1000" };
      const first = start(env);
      await first.saw("recording_started");
      const listed = async () => (await store.listSegments(roomId, { limit: 1_000 })).items;
      for (let before = 0; before < 2; before = (await listed()).length) await systemClock.sleep(100);
      first.kill("SIGKILL");
      await first.exit;
      const kept = await listed();
      await rm(dataDir, { recursive: true });

      const second = start(env);
      assertEquals((await second.saw("recording_started")).part, 2);
      assert((await store.getRecording(roomId))?.leaseToken === 2);
      while ((await listed()).every(({ part }) => part === 1)) await systemClock.sleep(100);
      room.endLive();
      await second.saw("recording_finished");
      const recording = await store.getRecording(roomId);
      assertEquals([recording?.state, recording?.outcome?.kind], ["finished", "ended"]);
      const all = await listed();
      assertEquals(all.slice(0, kept.length), kept);
      for (const { part, uri, sha256 } of all) {
        const folder = recording?.parts.find((each) => each.part === part)?.folder;
        const bytes = Buffer.from(aws.objects.get(`recordings/${folder}/${uri}`) ?? "", "latin1");
        assertEquals(createHash("sha256").update(bytes).digest("hex"), sha256);
      }
      const [killed] = recording?.parts ?? [];
      const playlist = aws.objects.get(`recordings/${killed?.folder}/index.m3u8`) ?? "";
      const named = playlist.match(/^segment_.*$/gm) ?? [];
      assert(named.length > 0 && named.every((name) => aws.objects.has(`recordings/${killed?.folder}/${name}`)));
    },
  );
});
