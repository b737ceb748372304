/**
 * repair() of recordings whose recorder was killed: the recorder is a process of its own.
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { appendFile, chmod, cp, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { compareTags, judge, sampleHashes } from "../tests/judge/mod.ts";
import { MediaLibrary } from "../tests/standin/flv_source.ts";
import { type Standin, startStandin } from "../tests/standin/mod.ts";
import { findFfmpeg } from "./find_ffmpeg.ts";
import { type Manifest, RecorderError, repair } from "./mod.ts";

const CHILD = fileURLToPath(new URL("../tests/fakes/record_child.ts", import.meta.url));

/** A recording that was killed after its second segment. */
interface Killed {
  name: string;
  folder: string;
}

describe("repair()", () => {
  let dir: string;
  let standin: Standin;
  let ffmpeg: string;
  const media = new MediaLibrary({ ffmpegPath: process.env["ROOMTONE_FFMPEG"] ?? "ffmpeg" });
  const children: ChildProcess[] = [];
  let alone: Killed;
  let withFfmpeg: Killed;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-repair-"));
    standin = await startStandin({ seed: "repair", media });
    await standin.prepareMedia();
    ffmpeg = await findFfmpeg(undefined, process.env);
    [alone, withFfmpeg] = await Promise.all([kill("alone.host", false), kill("both.host", true)]);
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await standin.stop();
    await rm(dir, { recursive: true });
  });

  /** Records a live in another process, and kills that one with its second segment closed. */
  async function kill(name: string, alsoFfmpeg: boolean): Promise<Killed> {
    standin.room(name).startLive({ seed: name });
    const pidFile = join(dir, `${name}.pid`);
    const wrapper = join(dir, `${name}.sh`);
    await writeFile(wrapper, `#!/bin/sh\necho $$ > '${pidFile}'\nexec '${ffmpeg}' "$@"\n`);
    await chmod(wrapper, 0o755);
    const child = spawn(process.execPath, [CHILD, JSON.stringify(standin.baseUrls), dir, name, wrapper], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const gone = new Promise((resolve) => child.on("exit", resolve));
    let folder = "";
    for await (const line of createInterface({ input: child.stdout })) {
      const told: { folder?: string; index?: number } = JSON.parse(line);
      if (told.folder !== undefined) folder = told.folder;
      if (told.index === 1) break;
    }
    if (alsoFfmpeg) process.kill(Number(await readFile(pidFile, "utf8")), "SIGKILL");
    child.kill("SIGKILL");
    await gone;
    return { name, folder };
  }

  async function checkMedia({ name, folder }: Killed, manifest: Manifest): Promise<void> {
    const room = standin.room(name);
    const { tags } = await media.source("origin");
    const judgement = await judge(folder);
    const verdict = compareTags(judgement.packets, room.tags(), room.connections(), sampleHashes(tags));
    assertEquals([verdict.missing, verdict.twice, verdict.foreign], [[], [], []]);
    assertEquals([judgement.backSteps, judgement.wrongFiles, judgement.closed], [0, [], true]);
    assertEquals(judgement.listedMs, manifest.totals.durationMs);
  }

  it("closes a recording whose recorder was killed, with what ffmpeg still wrote", async () => {
    const manifest = await repair(alone.folder);
    assertEquals([manifest.recovered, manifest.end.kind, manifest.end.retryable], [true, "failed", true]);
    assert(manifest.totals.segments > 2, `${manifest.totals.segments} segments`);
    await checkMedia(alone, manifest);
    const text = await readFile(join(alone.folder, "events.jsonl"), "utf8");
    assertEquals(text.trim().split("\n").length, manifest.totals.events);
    assertEquals((await readdir(alone.folder)).includes("work"), false);
    assertEquals(await repair(alone.folder), manifest);
  });

  it("closes a recording that was killed together with ffmpeg", async () => {
    const copy = join(dir, "copy");
    await cp(withFfmpeg.folder, copy, { recursive: true, preserveTimestamps: true });
    const manifest = await repair(copy);
    assert(manifest.totals.segments >= 2, `${manifest.totals.segments} segments`);
    await checkMedia({ ...withFfmpeg, folder: copy }, manifest);
  });

  it("gets along with torn lines, files of a half-done step and a damaged segment", async () => {
    const copy = join(dir, "damaged");
    await cp(withFfmpeg.folder, copy, { recursive: true, preserveTimestamps: true });
    await appendFile(join(copy, "segments.jsonl"), '{"type":"segment","ind');
    await appendFile(join(copy, "events.jsonl"), '{"type":"chat","te');
    await appendFile(join(copy, "index.m3u8"), "#EXTINF:2.0");
    await writeFile(join(copy, "segment_000099.m4s.tmp"), "half");
    // The crash came between the journal's line and the removal of ffmpeg's own file.
    await cp(join(copy, "segment_000000.m4s"), join(copy, "work", "0000_000000.m4s"));
    await writeFile(join(copy, "segment_000001.m4s"), "spoilt");
    const manifest = await repair(copy);
    const [gap] = manifest.gaps;
    assertEquals([gap?.reason, gap?.missingMs, manifest.gaps.length], ["damaged", 2000, 1]);
    assertEquals(manifest.segments.map(({ index }) => index).includes(1), false);
    assertEquals(manifest.segments.filter(({ index }) => index === 0).length, 1);
    const judgement = await judge(copy);
    assertEquals([judgement.wrongFiles, judgement.listedMs, judgement.backSteps], [[], manifest.totals.durationMs, 0]);
    assertEquals((await readdir(copy)).filter((file) => file.endsWith(".tmp")), []);
    const lines = (await readFile(join(copy, "segments.jsonl"), "utf8")).trimEnd().split("\n");
    for (const line of lines) JSON.parse(line);
    for (const line of (await readFile(join(copy, "events.jsonl"), "utf8")).trimEnd().split("\n")) JSON.parse(line);
  });

  it("gives a segment its name when the crash came before that", async () => {
    const copy = join(dir, "unnamed");
    await cp(withFfmpeg.folder, copy, { recursive: true, preserveTimestamps: true });
    await rename(join(copy, "segment_000000.m4s"), join(copy, "work", "0000_000000.m4s"));
    const manifest = await repair(copy);
    assertEquals([manifest.gaps, manifest.segments[0]?.index], [[], 0]);
    await checkMedia({ ...withFfmpeg, folder: copy }, manifest);
  });

  it("leaves a folder alone in which a recorder is at work", async () => {
    const copy = join(dir, "busy");
    await cp(withFfmpeg.folder, copy, { recursive: true, preserveTimestamps: true });
    const later = new Date(Date.now() + 3_600_000);
    await utimes(join(copy, "work", "alive"), later, later);
    let now = Date.now();
    const clock = {
      now: () => now,
      setTimeout: (run: () => void, delayMs: number) => {
        now += delayMs;
        queueMicrotask(run);
      },
      clearTimeout: () => {},
    };
    const error = await assertRejects(() => repair(copy, { clock }));
    assertEquals(error instanceof RecorderError ? error.code : error, "in_use");
  });

  it("refuses a folder without a recording", async () => {
    const error = await assertRejects(() => repair(dir));
    assertEquals(error instanceof RecorderError ? error.code : error, "not_a_recording");
  });
});
