/**
 * record() of lives that come over HLS, against the stand-in, with each engine and judged by ffprobe: media time plus
 * reported gaps is what was sent, and every tag is there once. All lives of an engine run at the same time.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { TikTok } from "@roomtone/sdk";
import { compareTags, judge, type Judgement, sampleHashes } from "../tests/judge/mod.ts";
import { MediaLibrary, type MediaSource, soundOnly } from "../tests/standin/flv_source.ts";
import { HLS_SEGMENT_MS } from "../tests/standin/hls_server.ts";
import { SegmentLibrary } from "../tests/standin/hls_source.ts";
import { type LiveOptions, type Room, type Standin, startStandin } from "../tests/standin/mod.ts";
import { type Manifest, record, type RecordOptions } from "./mod.ts";

const LIVE_MS = 9_000;
/** When half of a live was sent, on the edge of no segment. */
const TROUBLE_MS = 4_500;
/** Sound ends a little later than pictures. */
const TOLERANCE_MS = 100;
const JUMP_MS = 3_600_000;
const ffmpegPath = process.env["ROOMTONE_FFMPEG"];

interface Told {
  manifest: Manifest;
  judgement: Judgement;
  room: Room;
  problems: string[];
}

for (const engine of ["inprocess", "ffmpeg"] as const) {
  describe(`record() over HLS with the engine ${engine}`, () => {
    let dir: string;
    let standin: Standin;
    const library = new MediaLibrary({ ...(ffmpegPath === undefined ? {} : { ffmpegPath }) });
    const media: MediaSource = {
      source: async (key) => key === "ld" ? soundOnly(await library.source(key)) : await library.source(key),
    };
    const runs = new Map<string, Promise<Told>>();

    async function run(
      name: string,
      options: Partial<RecordOptions> & LiveOptions = {},
      trouble: (room: Room) => void | Promise<void> = () => {},
    ): Promise<Told> {
      const { streams = "hls", durationMs = LIVE_MS, ...rest } = options;
      const room = standin.room(name);
      const live = room.startLive({ seed: name, durationMs, rate: 0.5, streams });
      const tiktok = new TikTok({ baseUrls: standin.baseUrls });
      const recording = record(name, {
        ...{ tiktok, dir, engine, segmentMs: 2000, stallTimeoutMs: 1500, thumbnailEveryMs: 0 },
        ...(ffmpegPath === undefined ? {} : { ffmpegPath }),
        ...rest,
      });
      const problems: string[] = [];
      recording.on("problem", ({ half, code, detail }) => problems.push(`${half} ${code}: ${detail}`));
      await room.until(() => live.elapsedMs() > TROUBLE_MS);
      await trouble(room);
      const manifest = await recording.done;
      return { manifest, judgement: await judge(recording.folder), room, problems };
    }

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), "roomtone-hls-"));
      standin = await startStandin({ seed: "hls", media });
      await prepareSegments();
      runs.set("plain", run("plain.host"));
      runs.set("sound", run("sound.host", { preferences: { qualities: ["ld"] } }));
      runs.set(
        "wanted",
        run("wanted.host", { streams: "both", preferences: { protocols: ["hls"], qualities: ["sd"] } }),
      );
      runs.set("skip", run("skip.host", {}, (room) => room.fault({ kind: "hls_skip", segments: 1 })));
      runs.set("jump", run("jump.host", {}, (room) => room.fault({ kind: "hls_clock_jump", byMs: JUMP_MS })));
      runs.set(
        "restart",
        run("restart.host", { durationMs: 12_000 }, async (room) => {
          // What is not fetched by then is gone: there is no telling how much it was.
          await room.until(() => {
            const live = room.current;
            const fetchedMs = Math.max(0, ...live?.hls.tags.map(({ mediaMs }) => mediaMs) ?? []);
            const publishedMs = live?.hls.publishedMs ?? 0;
            return publishedMs > 0 && fetchedMs > publishedMs - 100 && (live?.elapsedMs() ?? 0) - publishedMs < 1_500;
          });
          room.fault({ kind: "hls_restart" });
        }),
      );
      runs.set(
        "lost",
        run("lost.host", {}, (room) => {
          room.fault({ kind: "http", route: "hls_segment", reply: "status", status: 404, times: 3 });
        }),
      );
      runs.set(
        "shaky",
        run("shaky.host", {}, (room) => {
          room.fault({ kind: "http", route: "hls_segment", reply: "reset", times: 1 });
          room.fault({ kind: "http", route: "hls", reply: "status", status: 503, times: 1 });
        }),
      );
      runs.set(
        "pause",
        run("pause.host", { durationMs: 12_000 }, (room) => room.fault({ kind: "hls_stall", forMs: 4_500 })),
      );
      runs.set(
        "stall",
        run("stall.host", { durationMs: 18_000 }, (room) => room.fault({ kind: "hls_stall", forMs: 9_000 })),
      );
      standin.room("dead.host").fault({ kind: "http", route: "flv", reply: "status", status: 404 });
      runs.set("dead", run("dead.host", { streams: "both", durationMs: 13_000 }));
      runs.set(
        "switch",
        run("switch.host", { streams: "both", durationMs: 17_000 }, (room) => {
          room.fault({ kind: "http", route: "flv", reply: "status", status: 404 });
          room.fault({ kind: "flv_cut", inside: false });
        }),
      );
      const elsewhere =
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://media.evil.example/1.ts\n#EXT-X-ENDLIST\n";
      standin.room("evil.host").fault({ kind: "http", route: "hls", reply: "body", body: elsewhere, times: 1 });
      runs.set("evil", run("evil.host"));
      for (const each of runs.values()) each.catch(() => undefined);
    });
    after(async () => {
      await Promise.allSettled(runs.values());
      await standin.stop();
      await rm(dir, { recursive: true });
    });

    /** Segments are made before the lives begin: ffmpeg takes its time on a machine that has other work. */
    async function prepareSegments(): Promise<void> {
      const segments = new SegmentLibrary(ffmpegPath === undefined ? {} : { ffmpegPath });
      for (const [quality, lengthMs] of [["origin", 18_000], ["sd", LIVE_MS], ["ld", LIVE_MS]] as const) {
        const source = await media.source(quality);
        for (let fromMs = 0; fromMs + HLS_SEGMENT_MS <= lengthMs; fromMs += HLS_SEGMENT_MS) {
          const isJumped = quality === "origin" && fromMs >= 4_000 && fromMs < LIVE_MS;
          for (const offsetMs of isJumped ? [0, JUMP_MS, -4_000] : [0]) {
            await segments.segment(source, { fromMs, toMs: fromMs + HLS_SEGMENT_MS, offsetMs });
          }
        }
      }
    }

    /** Every tag that was handed out is there once, and media and gaps make up what was sent. */
    async function check(name: string, { toleranceMs = TOLERANCE_MS } = {}): Promise<Told> {
      const told = await (runs.get(name) ?? Promise.reject(new Error(`there is no live '${name}'`)));
      const { manifest, judgement, room } = told;
      const sources = await Promise.all(["origin", "hd", "sd", "ld"].map((quality) => media.source(quality)));
      const hashes = sampleHashes(sources.flatMap(({ tags }) => tags));
      const verdict = compareTags(judgement.packets, room.tags(), room.connections(), hashes);
      assert(verdict.written > 50, `${verdict.written} tags were written`);
      const { missing, twice, foreign } = verdict;
      assertEquals([missing.length, twice.length, foreign.length], [0, 0, 0]);
      assertEquals([judgement.backSteps, judgement.wrongFiles, judgement.closed], [0, [], true]);
      const offMs = judgement.listedMs + manifest.totals.missingMs - (room.current?.hls.publishedMs ?? 0);
      assert(Math.abs(offMs) <= toleranceMs, `video and gaps are off by ${offMs} ms: ${JSON.stringify(manifest.gaps)}`);
      const holesMs = Math.abs(judgement.durationMs - judgement.listedMs);
      assert(holesMs < 500, `${judgement.durationMs} ms of packets, ${judgement.listedMs} listed`);
      assertEquals(manifest.end, { kind: "ended", retryable: false });
      return told;
    }

    const gapsOf = ({ manifest }: Told) => manifest.gaps.map(({ reason }) => reason);
    /** A whole segment, but for sound that ends where no picture does. */
    const checkGap = ({ manifest }: Told, reason: string): void => {
      const [gap] = manifest.gaps;
      assertEquals([gap?.reason, manifest.gaps.length], [reason, 1]);
      assert(Math.abs((gap?.missingMs ?? 0) - 2_000) <= 30, `${gap?.missingMs} ms are missing`);
    };

    it("records every tag once where there is no FLV", async () => {
      const told = await check("plain");
      assertEquals([told.problems, told.manifest.gaps], [[], []]);
      assertEquals(told.manifest.parts.map((part) => [part.engine, part.codecs]), [
        [engine, { audio: "aac", video: "avc" }],
      ]);
      assertEquals([...new Set(told.room.tags().map(({ quality }) => quality))], ["origin"]);
      assert(told.manifest.segments.length >= 4, `${told.manifest.segments.length} segments`);
    });

    it("records sound alone", async () => {
      const told = await check("sound");
      assertEquals(told.manifest.parts.map(({ codecs }) => codecs), [{ audio: "aac" }]);
      assertEquals(told.manifest.gaps, []);
    });

    it("takes quality and protocol by preference", async () => {
      const told = await check("wanted");
      assertEquals([...new Set(told.room.tags().map(({ quality }) => quality))], ["sd"]);
      assertEquals([told.room.stats().flvConnections, told.problems], [0, []]);
      assertEquals(told.room.connections().length, 1);
    });

    it("tells a jump of the numbers as a gap of its exact length", async () => {
      const told = await check("skip");
      checkGap(told, "skipped");
      assertEquals(told.manifest.parts.map(({ reason }) => reason), ["start", "gap"]);
    });

    it("goes on over a jump of the timestamps without a gap", async () => {
      const told = await check("jump");
      assertEquals([gapsOf(told), told.manifest.totals.clockJumps, told.manifest.parts.length], [[], 1, 1]);
    });

    it("goes on where numbers and timestamps begin anew", async () => {
      const told = await check("restart");
      assertEquals([gapsOf(told), told.manifest.totals.clockJumps], [[], 1]);
    });

    it("tells a segment that cannot be had as a gap of its exact length", async () => {
      const told = await check("lost");
      checkGap(told, "error");
      assert(told.problems.some((problem) => problem.startsWith("video not_found")), told.problems.join());
    });

    it("loses nothing to a broken answer and a playlist that is refused once", async () => {
      const told = await check("shaky");
      assertEquals(gapsOf(told), []);
    });

    it("waits for a playlist that stands still, and goes on", async () => {
      const told = await check("pause");
      assertEquals(gapsOf(told), []);
    });

    it("opens the stream anew where the playlist stands still for too long", async () => {
      const told = await check("stall", { toleranceMs: 2_500 });
      assert(told.problems.some((problem) => problem.startsWith("video deadline")), told.problems.join());
    });

    it("turns to HLS where no FLV can be had", async () => {
      const told = await check("dead", { toleranceMs: 2_500 });
      assertEquals([...new Set(told.room.tags().map(({ quality }) => quality))], ["origin"]);
    });

    it("goes over from FLV to HLS, and keeps nothing twice", async () => {
      const told = await check("switch");
      assertEquals(told.room.connections().length, 2);
      assertEquals(gapsOf(told), []);
      // The same sound is described in other words.
      assertEquals(told.manifest.parts.map(({ reason }) => reason), ["start", "parameters"]);
    });

    it("fetches no segment from another host than TikTok's", async () => {
      const told = await check("evil");
      assert(
        told.problems.some((problem) => problem.includes("media.evil.example is not a host")),
        told.problems.join(),
      );
    });
  });
}
