/**
 * Thumbnails of lives on the stand-in, through the public door. The recordings run side by side.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { TikTok } from "@roomtone/sdk";
import { type Standin, startStandin } from "../tests/standin/mod.ts";
import { findFfmpeg, type Manifest, record, type RecordOptions, thumbnailTurns } from "./mod.ts";

const LIVE_MS = 9_000;
const EVERY_MS = 3_000;
const LIVES = ["plain", "rare", "broken", "without", "sound", "never"] as const;

interface Told {
  manifest: Manifest;
  folder: string;
  told: string[];
}

/** Name, size and codec of a picture, by ffprobe. */
function pictureAt(path: string): { codec: string; width: number; height: number } {
  const args = ["-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", path];
  const [codec = "", width, height] = spawnSync("ffprobe", args, { encoding: "utf8" }).stdout.trim().split(",");
  return { codec, width: Number(width), height: Number(height) };
}

describe("thumbnails", () => {
  let dir: string;
  let standin: Standin;
  const lives = new Map<string, Told>();

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-thumbnails-"));
    const ffmpegPath = process.env["ROOMTONE_FFMPEG"] || undefined;
    standin = await startStandin({ seed: "thumbnails", media: { ffmpegPath } });
    await standin.prepareMedia();
    const wrapper = join(dir, "ffmpeg.sh");
    const ffmpeg = await findFfmpeg(ffmpegPath, process.env);
    await writeFile(
      wrapper,
      `#!/bin/sh\ncase "$*" in *mjpeg*) echo no pictures >&2; exit 3;; esac\nexec '${ffmpeg}' "$@"\n`,
      {
        mode: 0o755,
      },
    );
    const options: Record<typeof LIVES[number], Partial<RecordOptions>> = {
      plain: {},
      rare: { thumbnailEveryMs: 3_600_000 },
      broken: { ffmpegPath: wrapper },
      without: { ffmpegPath: undefined, env: {} },
      sound: { preferences: { qualities: ["ao"] } },
      never: { thumbnailEveryMs: 0 },
    };
    const turns = thumbnailTurns();
    await Promise.all(LIVES.map(async (name) => {
      standin.room(`${name}.host`).startLive({ seed: name, durationMs: LIVE_MS, rate: 0.1 });
      const recording = record(`${name}.host`, {
        tiktok: new TikTok({ baseUrls: standin.baseUrls }),
        dir,
        segmentMs: 1_000,
        thumbnailEveryMs: EVERY_MS,
        thumbnailTurns: turns,
        ...(ffmpegPath === undefined ? {} : { ffmpegPath }),
        ...options[name],
      });
      const told: string[] = [];
      recording.on("thumbnail", ({ uri }) => told.push(uri));
      const manifest = await recording.done;
      lives.set(name, { manifest, folder: recording.folder, told });
    }));
  });
  after(async () => {
    await standin.stop();
    await rm(dir, { recursive: true });
  });

  const outcome = (name: typeof LIVES[number]): Told => {
    const live = lives.get(name);
    if (live === undefined) throw new Error(`there was no live '${name}'`);
    assertEquals([live.manifest.end.kind, live.manifest.gaps], ["ended", []]);
    assert(live.manifest.segments.length > 3, `${live.manifest.segments.length} segments`);
    return live;
  };
  const picturesIn = async (folder: string): Promise<string[]> =>
    (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".jpg")).toSorted();

  it("shows one in a while and the last segment, in folder, journal and manifest", async () => {
    const { manifest, folder, told } = outcome("plain");
    const { thumbnails, segments } = manifest;
    assertEquals(await picturesIn(folder), thumbnails.map(({ uri }) => uri));
    assertEquals(told, thumbnails.map(({ uri }) => uri));
    const journal = (await readFile(join(folder, "segments.jsonl"), "utf8")).trim().split("\n");
    const noted = journal.map((line) => JSON.parse(line)).filter(({ type }) => type === "thumbnail");
    assertEquals(noted.map(({ uri }) => uri), told);
    let dueMs = -Infinity;
    const expected = segments.filter(({ index, startMs }) => {
      const isDue = startMs >= dueMs || index === segments.at(-1)?.index;
      if (startMs >= dueMs) dueMs = startMs + EVERY_MS;
      return isDue;
    });
    assertEquals(
      thumbnails.map(({ segment, mediaMs, at }) => ({ segment, mediaMs, at })),
      expected.map(({ index, startMs, startAt }) => ({ segment: index, mediaMs: startMs, at: startAt })),
    );
    assert(thumbnails.length > 2 && thumbnails.length < segments.length, `${thumbnails.length} thumbnails`);
    for (const { uri, bytes } of thumbnails) {
      const picture = pictureAt(join(folder, uri));
      assertEquals(picture.codec, "mjpeg");
      assert(Math.max(picture.width, picture.height) <= 640 && Math.min(picture.width, picture.height) > 100, uri);
      assertEquals((await readFile(join(folder, uri))).length, bytes);
    }
    assertEquals(manifest.problems, []);
  });

  it("shows the first segment and the last one of a live that is shorter than the time between two", () => {
    const { thumbnails, segments } = outcome("rare").manifest;
    assertEquals(thumbnails.map(({ segment }) => segment), [0, segments.at(-1)?.index]);
  });

  it("tells once that they cannot be made, and records the rest", async () => {
    for (const [name, detail] of [["broken", "no pictures"], ["without", "there is no ffmpeg"]] as const) {
      const { manifest, folder } = outcome(name);
      assertEquals([manifest.thumbnails, await picturesIn(folder)], [[], []]);
      assertEquals(manifest.problems.map(({ half }) => half), ["thumbnails"]);
      assert(manifest.problems[0]?.detail.includes(detail), manifest.problems[0]?.detail);
    }
  });

  it("makes none of sound alone, and none where nobody wants them", async () => {
    for (const name of ["sound", "never"] as const) {
      const { manifest, folder } = outcome(name);
      assertEquals([manifest.thumbnails, await picturesIn(folder), manifest.problems], [[], [], []]);
    }
  });
});
