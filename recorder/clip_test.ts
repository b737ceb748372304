/**
 * Clips of made recordings, judged by ffprobe. Each picture's grey tells the second that it was made at.
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { clip, type ClipOptions, type ClipSource, findFfmpeg, RecorderError } from "./mod.ts";

/** Length of a made part, s; segments have two, keyframes are one second apart. */
const PART_S = 12;
/** How much lighter the picture becomes each second. */
const STEP = 16;

describe("clip()", () => {
  let dir: string;
  let ffmpeg: string;
  let count = 0;

  const run = (program: string, args: string[]) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: dir, maxBuffer: 1 << 26 });
    assertEquals(status, 0, stderr.toString());
    return stdout;
  };
  /** A part of a recording: HLS with fMP4 segments. */
  const makePart = async (name: string, size: string, tracks: "both" | "video" = "both") => {
    await mkdir(join(dir, name));
    const picture = `color=black:s=${size}:r=10:d=${PART_S},geq=lum='T*${STEP}+16':cb=128:cr=128`;
    const sound = tracks === "both" ? ["-f", "lavfi", "-i", `sine=frequency=440:duration=${PART_S}`] : [];
    run(ffmpeg, [
      ...["-v", "error", "-f", "lavfi", "-i", picture, ...sound, "-c:v", "libx264", "-preset", "ultrafast"],
      ...["-g", "10", "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ar", "44100", "-f", "hls"],
      ...["-hls_segment_type", "fmp4", "-hls_time", "2", "-hls_list_size", "0", "-hls_flags", "program_date_time"],
      ...["-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", `${name}/%03d.m4s`, `${name}/index.m3u8`],
    ]);
  };
  const probe = (path: string) =>
    JSON.parse(
      run("ffprobe", ["-v", "error", "-show_streams", "-show_format", "-of", "json", path]).toString(),
    ) as {
      format: { duration: string };
      streams: { codec_type: string; width?: number; height?: number; start_time: string; duration: string }[];
    };
  const lengthOf = (path: string) => Number(probe(path).format.duration);
  /** Seconds of its part that the first picture and the last one were made at. */
  const shown = (path: string) => {
    const pictures = run(ffmpeg, [
      ...["-v", "error", "-i", path, "-vf", "scale=1:1", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"],
    ]);
    // A picture of 1x1 has three bytes: grey, and two of colour.
    const greys = Array.from({ length: pictures.length / 3 }, (_, index) => pictures[index * 3] ?? 0);
    return { firstS: ((greys[0] ?? 0) - 16) / STEP, lastS: ((greys.at(-1) ?? 0) - 16) / STEP, pictures: greys.length };
  };
  /** Parts behind one another, as the API's playlist has them. */
  const joined = async (...names: string[]): Promise<ClipSource> => {
    const texts = await Promise.all(names.map(async (name) => {
      const text = await readFile(join(dir, name, "index.m3u8"), "utf8");
      return text.replaceAll(/^(\d+\.m4s)/gm, `${name}/$1`).replace('URI="', `URI="${name}/`)
        .replaceAll(/^#EXT(M3U|-X-(ENDLIST|VERSION|TARGETDURATION|MEDIA-SEQUENCE)).*\n/gm, "");
    }));
    return {
      playlist: `#EXTM3U\n${texts.join("#EXT-X-DISCONTINUITY\n")}`,
      open: (uri) => Promise.resolve(createReadStream(join(dir, uri))),
    };
  };
  const make = async (source: string | ClipSource, options: Partial<ClipOptions>) => {
    const output = join(dir, `clip_${count++}.mp4`);
    return await clip(source, { fromMs: 0, toMs: 1_000, output, ffmpegPath: ffmpeg, ...options });
  };
  const near = (actual: number, expected: number, what: string, by = 0.25) =>
    assert(Math.abs(actual - expected) <= by, `${what}: ${actual}, not ${expected}`);
  const codeOf = (error: unknown) => error instanceof RecorderError ? error.code : error;
  const left = async () => (await readdir(dir)).filter((name) => name.startsWith(".clip-"));

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-clip-"));
    ffmpeg = await findFfmpeg(undefined, process.env);
    await makePart("one", "64x96");
    await makePart("small", "32x64");
    await makePart("mute", "64x96", "video");
  });
  after(() => rm(dir, { recursive: true }));

  it("copies from the keyframe at or before the start to the end, sound and picture together", async () => {
    const { path, startMs, durationMs, bytes, encoded, gaps } = await make(join(dir, "one"), {
      fromMs: 3_500,
      toMs: 8_200,
    });
    const { streams } = probe(path);
    assertEquals(streams.map(({ codec_type }) => codec_type), ["video", "audio"]);
    for (const { start_time, duration } of streams) {
      near(Number(start_time), 0, "start");
      near(Number(duration), 5.2, "duration");
    }
    const { firstS, lastS, pictures } = shown(path);
    near(firstS, 3, "first picture");
    near(lastS, 8.1, "last picture");
    near(pictures, 52, "pictures", 2);
    near(startMs / 1000, 3, "startMs");
    near(durationMs / 1000, 5.2, "durationMs");
    assertEquals([encoded, gaps, bytes], [false, [], (await readFile(path)).length]);
    // Players begin before they have all of it.
    assert((await readFile(path)).subarray(0, 64).includes("moov"));
  });

  it("begins at the very time where it is to be exact", async () => {
    const { path, startMs, encoded } = await make(join(dir, "one"), { fromMs: 3_500, toMs: 8_200, exact: true });
    const { firstS, lastS } = shown(path);
    near(firstS, 3.5, "first picture", 0.15);
    near(lastS, 8.1, "last picture", 0.15);
    near(lengthOf(path), 4.7, "length", 0.15);
    assertEquals([startMs, encoded], [3_500, true]);
  });

  it("goes over the seam of two parts, and tells what is missing between them", async () => {
    const source = await joined("one", "one");
    const at = Date.parse("2026-01-01T00:00:00Z");
    let index = 0;
    // The second part begins 30 s after the end of the first.
    const playlist = source.playlist.replaceAll(/^(#EXT-X-PROGRAM-DATE-TIME:).*$/gm, (_, tag) => {
      const place = index++;
      return `${tag}${new Date(at + place * 2_000 + (place >= PART_S / 2 ? 30_000 : 0)).toISOString()}`;
    });
    const range = { fromMs: (PART_S - 3) * 1000, toMs: (PART_S + 4) * 1000 };
    for (const exact of [false, true]) {
      const { path, gaps, encoded } = await make({ ...source, playlist }, { ...range, exact });
      assertEquals([gaps, encoded], [[{ atMs: PART_S * 1000, missingMs: 30_000 }], exact]);
      near(lengthOf(path), 7, "length");
      const { firstS, lastS, pictures } = shown(path);
      near(firstS, PART_S - 3, "first picture");
      near(lastS, 3.9, "last picture");
      near(pictures, 70, "pictures", 2);
    }
  });

  it("encodes parts of several sizes into one", async () => {
    const { path, encoded } = await make(await joined("one", "small"), { fromMs: 10_000, toMs: 14_000 });
    assertEquals(encoded, true);
    const [video] = probe(path).streams;
    assertEquals([video?.width, video?.height], [64, 96]);
    near(lengthOf(path), 4, "length");
  });

  it("ends where the recording ends, and is refused behind it", async () => {
    const { path, durationMs } = await make(join(dir, "one"), { fromMs: 10_000, toMs: 99_000 });
    near(lengthOf(path), 2, "length");
    near(durationMs / 1000, 2, "durationMs");
    const late = await assertRejects(() => make(join(dir, "one"), { fromMs: 13_000, toMs: 14_000 }));
    assertEquals(codeOf(late), "out_of_range");
    const none = await assertRejects(() => make({ playlist: "#EXTM3U\n", open: () => Promise.reject() }, {}));
    assertEquals(codeOf(none), "no_video");
    const nowhere = await assertRejects(() => make(join(dir, "nothing"), {}));
    assertEquals(codeOf(nowhere), "not_a_recording");
    for (const [fromMs, toMs] of [[-1, 5], [5, 5], [6, 5], [NaN, 5], [0, Infinity]] as const) {
      assert(await assertRejects(() => make(join(dir, "one"), { fromMs, toMs })) instanceof RangeError);
    }
  });

  it("says where sound begins or ends, and what it needs", async () => {
    const source = await joined("one", "mute");
    const apart = await assertRejects(() => make(source, { fromMs: 10_000, toMs: 14_000 }));
    assertEquals([codeOf(apart), String(apart).includes("at 12.000 s")], ["clip_failed", true]);
    const without = await assertRejects(() => make(join(dir, "one"), { ffmpegPath: join(dir, "no_ffmpeg") }));
    assertEquals(codeOf(without), "ffmpeg_missing");
    assertEquals(await left(), []);
  });

  it("leaves nothing half written: on a failure, an end by signal, and too much to read", async () => {
    const output = join(dir, "kept.mp4");
    await writeFile(output, "before");
    const stop = new AbortController();
    const reason = new Error("no longer wanted");
    const onProgress = () => stop.abort(reason);
    const stopped = await assertRejects(() =>
      make(join(dir, "one"), { output, toMs: 9_000, signal: stop.signal, onProgress })
    );
    assertEquals(stopped, reason);
    const broken: ClipSource = { ...await joined("one") };
    const lost = new Error("the file is gone");
    broken.open = (uri) =>
      uri.endsWith("002.m4s") ? Promise.reject(lost) : Promise.resolve(createReadStream(join(dir, uri)));
    assertEquals(await assertRejects(() => make(broken, { output, toMs: 9_000 })), lost);
    const much = await assertRejects(() => make(join(dir, "one"), { output, toMs: 9_000, maxBytes: 1_000 }));
    assertEquals(codeOf(much), "clip_failed");
    assertEquals([await left(), await readFile(output, "utf8")], [[], "before"]);
  });

  it("tells how far it is", async () => {
    const told: string[] = [];
    const onProgress = ({ segments, of }: { segments: number; of: number }) => told.push(`${segments}/${of}`);
    await make(join(dir, "one"), { toMs: 5_000, onProgress });
    assertEquals(told, ["1/3", "2/3", "3/3"]);
  });
});
