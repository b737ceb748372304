import { assert, assertEquals, assertRejects } from "@std/assert";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { makeTag, parseFlv } from "../standin/flv_source.ts";
import type { ConnectionRecord, TagRecord } from "../standin/flv_server.ts";
import { compareTags, judge, type JudgedPacket, sampleHashes } from "./mod.ts";

const ffmpegPath = process.env["ROOMTONE_FFMPEG"] ?? "ffmpeg";

function ffmpeg(...args: string[]): void {
  const { status, stderr } = spawnSync(ffmpegPath, ["-v", "error", "-nostdin", "-y", ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot make the sample: ffmpeg ended with ${status}: ${stderr}`);
}

describe("judge()", () => {
  let folder = "";
  let flv = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "roomtone-judge-test-"));
    flv = join(folder, "sample.flv");
    ffmpeg(
      ...["-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25", "-f", "lavfi", "-i", "sine=frequency=300"],
      ...["-t", "6", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2", "-c:a", "aac", flv],
    );
    ffmpeg(
      ...["-i", flv, "-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_segment_type", "fmp4"],
      ...["-hls_playlist_type", "event", "-hls_fmp4_init_filename", "init.mp4"],
      ...["-hls_segment_filename", join(folder, "%d.m4s"), join(folder, "index.m3u8")],
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const tags = async () => parseFlv(await readFile(flv)).filter((tag) => tag.payload[1] !== 2 || tag.type !== 9);
  const logOf = async (): Promise<TagRecord[]> =>
    (await tags()).map(({ type, timestampMs, md5, header, payload }) => ({
      ...{ connection: 1, quality: "origin", type, timestampMs, mediaMs: timestampMs, md5, header },
      ...{ bytes: payload.length, state: "whole" as const },
    }));
  const OPEN: ConnectionRecord[] = [{ connection: 1, quality: "origin", openedAtMs: 0, closedBy: "end" }];

  it("finds every tag of a good recording once, and its length", async () => {
    const judgement = await judge(folder);
    const verdict = compareTags(judgement.packets, await logOf(), OPEN, sampleHashes(await tags()));
    assert(verdict.written > 300);
    assertEquals(verdict.once, verdict.written);
    assertEquals([verdict.missing, verdict.twice, verdict.foreign, verdict.unread], [[], [], [], []]);
    assert(Math.abs(judgement.durationMs - 6000) < 100, `${judgement.durationMs} ms`);
    assert(Math.abs(judgement.listedMs - 6000) < 100, `${judgement.listedMs} ms`);
    const { segments, backSteps, missingMs, wrongFiles } = judgement;
    assertEquals({ segments, backSteps, missingMs, wrongFiles }, {
      ...{ segments: 3, backSteps: 0, missingMs: undefined, wrongFiles: [] },
    });
  });

  it("reads a playlist that is still open", async () => {
    const playlist = join(folder, "index.m3u8");
    const whole = await readFile(playlist, "utf8");
    try {
      await writeFile(playlist, whole.replace("#EXT-X-ENDLIST\n", ""));
      const judgement = await judge(folder);
      assertEquals(judgement.closed, false);
      assertEquals(judgement.segments, 3);
    } finally {
      await writeFile(playlist, whole);
    }
  });

  it("names the tags of a segment that is not listed, and those of one that is listed twice", async () => {
    const playlist = join(folder, "index.m3u8");
    const whole = await readFile(playlist, "utf8");
    try {
      await writeFile(playlist, whole.replace(/#EXTINF:[\d.]+,\n1\.m4s\n/, ""));
      const short = compareTags((await judge(folder)).packets, await logOf(), OPEN, sampleHashes(await tags()));
      assertEquals(short.missing.filter((tag) => tag.type === 9).length, 50);
      await writeFile(playlist, whole.replace(/#EXTINF:[\d.]+,\n1\.m4s\n/, (entry) => entry + entry));
      const long = await judge(folder);
      const verdict = compareTags(long.packets, await logOf(), OPEN, sampleHashes(await tags()));
      assertEquals(verdict.twice.filter((tag) => tag.type === 9).length, 50);
      assert(long.backSteps > 0);
    } finally {
      await writeFile(playlist, whole);
    }
  });

  it("holds the files against the manifest", async () => {
    const bytes = await readFile(join(folder, "0.m4s"));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const segments = [{ uri: "0.m4s", bytes: bytes.length, sha256 }, { uri: "1.m4s", bytes: 1, sha256: "00" }];
    const manifest = join(folder, "manifest.json");
    try {
      await writeFile(manifest, JSON.stringify({ gaps: [{ missingMs: 700 }, { missingMs: 50 }], segments }));
      const { missingMs, wrongFiles } = await judge(folder);
      assertEquals({ missingMs, wrongFiles }, { missingMs: 750, wrongFiles: ["1.m4s"] });
    } finally {
      await rm(manifest, { force: true });
    }
  });

  it("says so when there is no recording", async () => {
    await assertRejects(() => judge(join(folder, "nowhere")));
  });
});

describe("compareTags()", () => {
  const picture = makeTag(9, 0, Uint8Array.of(0x17, 1, 0, 0, 0, 7, 7));
  const record = (changes: Partial<TagRecord>): TagRecord => ({
    ...{ connection: 1, quality: "origin", type: 9, timestampMs: 0, mediaMs: 0, bytes: 7, md5: picture.md5 },
    ...{ header: false, state: "whole" },
    ...changes,
  });
  const hashes = sampleHashes([picture]);
  const packet: JudgedPacket = { type: "video", dtsMs: 0, durationMs: 40, md5: hashes.get(picture.md5) ?? "" };
  const ended: ConnectionRecord[] = [{ connection: 1, quality: "origin", openedAtMs: 0, closedBy: "client" }];

  it("counts a tag once that a reconnect brought again, and each turn of the loop for itself", () => {
    const log = [record({}), record({ connection: 2 }), record({ mediaMs: 30_000 })];
    const { written, once, missing, twice } = compareTags([packet, packet], log, [], hashes);
    assertEquals({ written, once, missing, twice }, { written: 2, once: 2, missing: [], twice: [] });
    assertEquals(compareTags([packet, packet, packet], log, [], hashes).twice.length, 1);
    assertEquals(compareTags([packet], log, [], hashes).missing.length, 1);
  });

  it("does not ask for cut tags, and excuses the last ones of a connection that the client ended", () => {
    assertEquals(compareTags([], [record({ state: "cut" })], [], hashes).written, 0);
    const { missing, unread } = compareTags([], [record({})], ended, hashes);
    assertEquals([missing.length, unread.length], [0, 1]);
  });

  it("names packets that nobody wrote", () => {
    assertEquals(compareTags([packet], [], [], hashes).foreign, [packet]);
  });
});
