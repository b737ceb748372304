import { TikTok } from "@roomtone/sdk";
import { assert, assertEquals } from "@std/assert";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Standin, startStandin } from "../../../tests/standin/mod.ts";
import type { RecorderEvent, RecordingJob } from "../../ports/recorder.ts";
import { mediaRecorder, openRecordings } from "./media_recorder.ts";

describe("mediaRecorder()", () => {
  let standin: Standin;
  let dir: string;
  let told: RecorderEvent[];
  beforeEach(async () => {
    standin = await startStandin();
    dir = await mkdtemp(join(tmpdir(), "roomtone-media-"));
    told = [];
  });
  afterEach(async () => {
    await standin.stop();
    await rm(dir, { recursive: true });
  });

  const start = (job: RecordingJob, ffmpeg?: string) => {
    const tiktok = new TikTok({ baseUrls: standin.baseUrls });
    const recorder = mediaRecorder({ tiktok, dir, segmentMs: 1_000, stallTimeoutMs: 15_000, mp4: false, ffmpeg });
    return recorder.start(job, (event) => told.push(event));
  };
  const job = (roomId: string): RecordingJob => ({ recordingId: roomId, roomId, username: "host", part: 1 });

  it("tells what it records, in whole milliseconds, and that it was stopped", { timeout: 30_000 }, async () => {
    await standin.prepareMedia();
    const { roomId } = standin.room("host").startLive();
    const segment = Promise.withResolvers<void>();
    const tiktok = new TikTok({ baseUrls: standin.baseUrls });
    const run = mediaRecorder({ tiktok, dir, segmentMs: 1_000, stallTimeoutMs: 15_000, mp4: false })
      .start(job(roomId), (event) => {
        told.push(event);
        if (event.type === "segment") segment.resolve();
      });
    await segment.promise;
    run.stop();
    assertEquals(await run.done, { kind: "stopped" });
    const [first] = told;
    assert(first?.type === "started" && /^host\/[\w-]+$/.test(first.folder), JSON.stringify(first));
    assert((await readdir(join(dir, first.folder))).includes("manifest.json"));
    const events = told.flatMap((each) => each.type === "event" ? [each.event] : []);
    assert(events.some(({ type, id }) => type === "chat" && id !== ""));
    for (const { type, at, json } of events) {
      const parsed = JSON.parse(json) as { type: string; at: number };
      assertEquals([parsed.type, parsed.at], [type, at]);
    }
    for (const each of told) {
      if (each.type !== "segment") continue;
      assert(Number.isInteger(each.segment.durationMs) && Number.isInteger(each.segment.startAt));
      assert(/^[0-9a-f]{64}$/.test(each.segment.sha256));
    }
  });

  it("records the quality that is asked for, and tells which one that is", { timeout: 30_000 }, async () => {
    await standin.prepareMedia();
    const room = standin.room("host");
    const { roomId } = room.startLive();
    const tiktok = new TikTok({ baseUrls: standin.baseUrls });
    const recorder = mediaRecorder({ tiktok, dir, segmentMs: 1_000, stallTimeoutMs: 15_000, mp4: false });
    // This TikTok offers origin, hd, sd and ld.
    for (const [asked, expected] of [["sd", "sd"], ["uhd", "hd"], [undefined, "origin"]] as const) {
      const quality = Promise.withResolvers<string>();
      const run = recorder.start({ ...job(roomId), quality: asked }, (event) => {
        if (event.type === "quality") quality.resolve(event.quality);
      });
      assertEquals(await quality.promise, expected);
      run.stop();
      await run.done;
    }
    assertEquals([...new Set(room.tags().map(({ quality }) => quality))], ["sd", "hd", "origin"]);
  });

  it("takes a room that is over for an end, not for a failure", async () => {
    const { roomId } = standin.room("host").startLive();
    standin.room("host").fault({ kind: "offline" });
    assertEquals(await start(job(roomId)).done, { kind: "ended" });
  });

  it("tells a stop before the start from a failure", async () => {
    const { roomId } = standin.room("host").startLive();
    const run = start(job(roomId));
    run.stop();
    assertEquals(await run.done, { kind: "stopped" });
    assertEquals(told.filter(({ type }) => type === "segment"), []);
  });

  it("does not try again where ffmpeg is missing", async () => {
    const { roomId } = standin.room("host").startLive();
    const result = await start(job(roomId), join(dir, "no-ffmpeg")).done;
    assert(
      result.kind === "failed" && !result.retryable && result.detail.includes("no-ffmpeg"),
      JSON.stringify(result),
    );
  });

  it("can try a refusal again", async () => {
    const { roomId } = standin.room("host").startLive();
    standin.fault({ kind: "http", route: "*", reply: "captcha_page" });
    const result = await start(job(roomId)).done;
    assert(result.kind === "failed" && result.retryable && result.code === "captcha", JSON.stringify(result));
  });
});

describe("openRecordings()", () => {
  it("finds folders without a manifest", async () => {
    const dir = await mkdtemp(join(tmpdir(), "roomtone-media-"));
    for (const folder of ["host/open", "host/closed"]) await mkdir(join(dir, folder), { recursive: true });
    await writeFile(join(dir, "host", "closed", "manifest.json"), "{}");
    await writeFile(join(dir, "a_file"), "");
    assertEquals(await openRecordings(dir), [join(dir, "host", "open")]);
    await rm(dir, { recursive: true });
  });
});
