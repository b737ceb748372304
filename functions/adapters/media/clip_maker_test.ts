import { assert, assertEquals, assertRejects } from "@std/assert";
import { findFfmpeg } from "@roomtone/recorder";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, beforeEach, describe, it } from "node:test";
import { until } from "../../../tests/fakes/manual_clock.ts";
import { AppError } from "../../contract/errors.ts";
import type { ClipMaker, ClipWish } from "../../ports/clip_maker.ts";
import { clipMaker } from "./clip_maker.ts";

describe("clipMaker()", () => {
  let root: string;
  let dir: string;
  let wish: ClipWish;
  let maker: ClipMaker;
  const { signal } = new AbortController();

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "roomtone-clips-"));
    dir = join(root, "clips");
    await mkdir(join(root, "part"));
    const ffmpeg = await findFfmpeg(undefined, process.env);
    const args = [
      ...["-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x96:r=10:d=6", "-c:v", "libx264", "-bf", "0", "-g", "10"],
      ...["-pix_fmt", "yuv420p", "-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "2", "-hls_list_size", "0"],
      ...["-hls_segment_filename", "part/%d.m4s", "part/index.m3u8"],
    ];
    const { status, stderr } = spawnSync(ffmpeg, args, { cwd: root });
    assertEquals(status, 0, stderr.toString());
    wish = {
      playlist: await readFile(join(root, "part/index.m3u8"), "utf8"),
      open: async (uri) => new Blob([await readFile(join(root, "part", uri))]).stream(),
      ...{ fromMs: 1_000, toMs: 3_000, exact: false },
    };
  });
  after(() => rm(root, { recursive: true }));
  beforeEach(() => {
    maker = clipMaker({ dir });
  });

  const codeOf = (promise: Promise<unknown>) =>
    assertRejects(() => promise).then((error) => error instanceof AppError ? error.code : error);

  it("makes a file that is gone when it was sent, and clears what another process left", async () => {
    await mkdir(join(dir, "clip-old"), { recursive: true });
    await writeFile(join(dir, "clip-old", "run_0.mp4"), "x");
    const { body, size, startMs, gaps } = await maker.make(wish, signal);
    assertEquals((await readdir(dir)).length, 1);
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    assertEquals([bytes.length, new TextDecoder().decode(bytes.subarray(4, 8)), gaps], [size, "ftyp", 0]);
    assert(Math.abs(startMs - 1_000) < 200, String(startMs));
    assertEquals(await readdir(dir), []);
  });

  it("makes two at a time; one that is left makes room, also when its caller went away", async () => {
    const gone = new AbortController();
    const [first] = await Promise.all([maker.make(wish, signal), maker.make(wish, gone.signal)]);
    assertEquals(await codeOf(maker.make(wish, signal)), "too_many_requests");
    gone.abort();
    await until(async () => (await readdir(dir)).length === 1);
    const third = await maker.make(wish, signal);
    await Promise.all([first.body.cancel(), third.body.cancel()]);
    assertEquals(await readdir(dir), []);
  });

  it("says what cannot be made, and leaves nothing", async () => {
    assertEquals(await codeOf(maker.make({ ...wish, fromMs: 7_000, toMs: 8_000 }, signal)), "invalid_input");
    assertEquals(await codeOf(maker.make({ ...wish, playlist: "#EXTM3U\n" }, signal)), "not_found");
    assertEquals(await codeOf(clipMaker({ dir, maxBytes: 9 }).make(wish, signal)), "conflict");
    assertEquals(await codeOf(clipMaker({ dir, ffmpeg: join(root, "none") }).make(wish, signal)), "not_configured");
    const lost = new AppError("not_found", "Clip recording 1: it is not there any more");
    assertEquals(await assertRejects(() => maker.make({ ...wish, open: () => Promise.reject(lost) }, signal)), lost);
    assertEquals(await readdir(dir), []);
  });
});
