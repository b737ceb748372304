/**
 * record() against the stand-in, with each engine and a real ffmpeg. All lives of an engine run at the same time, so
 * that it takes as long as the longest of them.
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { isLiveError, TikTok } from "@roomtone/sdk";
import { compareTags, judge, sampleHashes } from "../tests/judge/mod.ts";
import { type FlvSource, makeTag, MediaLibrary, type MediaSource, TAG_AUDIO } from "../tests/standin/flv_source.ts";
import { canEncodeHevc, hevcSource } from "../tests/standin/flv_hevc.ts";
import { type ConnectionRecord, type Room, type Standin, startStandin } from "../tests/standin/mod.ts";
import { findFfmpeg } from "./find_ffmpeg.ts";
import { type Manifest, record, RecorderError, type Recording, type RecordOptions } from "./mod.ts";

const LIVE_MS = 7_000;
/** A live that a test ends. */
const LONG_MS = 120_000;
/** What has to come once the trouble is over, ms of media. */
const MORE_MS = 2_500;
/** Sound and pictures do not begin and end at the same time. */
const TOLERANCE_MS = 300;
const CLIENT_TYPES = new Set(["connected", "state", "gap", "ended"]);
const ffmpegPath = process.env["ROOMTONE_FFMPEG"];
const noHevc = canEncodeHevc(ffmpegPath ?? "ffmpeg") ? false : "this ffmpeg has no libx265";

/** The sound is said to be AAC of the main profile, which ffmpeg copies and the writer in process does not know. */
function withMainProfile(source: FlvSource): FlvSource {
  const headers = source.headers.map((tag) => {
    if (tag.type !== TAG_AUDIO) return tag;
    const payload = tag.payload.slice();
    payload.set([((payload[2] ?? 0) & 7) | (1 << 3)], 2);
    return makeTag(TAG_AUDIO, tag.timestampMs, payload);
  });
  return { ...source, headers };
}

/** How much media went over a connection, ms. */
function sentOver(room: Room, { connection }: ConnectionRecord): number {
  const times = room.tags().filter((tag) => tag.connection === connection && !tag.header).map(({ mediaMs }) => mediaMs);
  return times.length === 0 ? 0 : Math.max(...times) - Math.min(...times);
}

/** What sounds half a turn later: a reconnect to the other source repeats nothing. */
function halfTurned(source: FlvSource): FlvSource {
  const { tags, loopMs } = source;
  return { ...source, tags: tags.map((tag) => ({ ...tag, timestampMs: (tag.timestampMs + loopMs / 2) % loopMs })) };
}

interface Told {
  manifest: Manifest;
  recording: Recording;
  room: Room;
  problems: string[];
  /** Pictures of the parts that were told of. */
  parts: (string | undefined)[];
  /** Qualities of the streams that were told of. */
  streams: string[];
}

for (const engine of ["ffmpeg", "inprocess"] as const) {
  describe(`record() with the engine ${engine}`, () => {
    let dir: string;
    let standin: Standin;
    const library = new MediaLibrary({ ...(ffmpegPath === undefined ? {} : { ffmpegPath }) });
    let hevc: Promise<FlvSource> | undefined;
    /** What `sd` is now. */
    let isHevc = noHevc === false;
    const media: MediaSource = {
      async source(key) {
        if (key === "ld") return withMainProfile(await library.source(key));
        if (key !== "sd" || !isHevc) return await library.source(key);
        const layout = engine === "ffmpeg" ? "legacy" : "enhanced";
        return await (hevc ??= library.source(key).then((source) =>
          hevcSource(ffmpegPath ?? "ffmpeg", halfTurned(source), layout)
        ));
      },
    };
    const runs = new Map<string, Promise<Told>>();

    /**
     * Goes live under `name`, records it, and does `trouble` to it when about half of it was sent. Where that leads to
     * another connection the live goes on until enough came over it, however long a busy machine takes.
     */
    async function run(
      name: string,
      options: Partial<RecordOptions> & { durationMs?: number } = {},
      trouble?: (room: Room, recording: Recording) => void | Promise<void>,
    ): Promise<Told> {
      const room = standin.room(name);
      const reconnects = options.durationMs === LONG_MS;
      const live = room.startLive({ seed: name, durationMs: options.durationMs ?? LIVE_MS, rate: 0.5, streams: "flv" });
      const recording = record(name, { ...defaults(), ...options });
      const problems: string[] = [];
      recording.on("problem", ({ half, code }) => problems.push(`${half} ${code}`));
      const parts: (string | undefined)[] = [];
      recording.on("part", ({ codecs }) => parts.push(codecs.video));
      const streams: string[] = [];
      recording.on("stream", ({ quality }) => streams.push(quality));
      await room.until(() => live.elapsedMs() > LIVE_MS / 2);
      const before = trouble === undefined ? 0 : room.connections().length;
      await trouble?.(room, recording);
      if (reconnects) {
        const isEnough = () => room.connections().slice(before).some((each) => sentOver(room, each) >= MORE_MS);
        await room.until(isEnough);
        room.endLive();
      }
      return { manifest: await recording.done, recording, room, problems, parts, streams };
    }

    const defaults = (): RecordOptions => ({
      // A machine that has other work to do is no silent server.
      stallTimeoutMs: 6_000,
      tiktok: new TikTok({ baseUrls: standin.baseUrls }),
      dir,
      engine,
      segmentMs: 2000,
      thumbnailEveryMs: 0,
      ...(ffmpegPath === undefined ? {} : { ffmpegPath }),
    });

    const outcome = async (name: string): Promise<Told> => {
      const run = runs.get(name);
      if (run === undefined) throw new Error(`Cannot look at the live '${name}': there is none`);
      return await run;
    };

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), "roomtone-recorder-"));
      standin = await startStandin({ seed: "recorder", media });
      await standin.prepareMedia();
      await media.source("sd");
      const troubled: Record<string, (room: Room) => void> = {
        "plain.host": () => {},
        "drop.host": (room) => room.fault({ kind: "flv_cut", inside: false }),
        "cut.host": (room) => room.fault({ kind: "flv_cut", inside: true }),
        "stall.host": (room) => room.fault({ kind: "flv_stall" }),
        "jump.host": (room) => room.fault({ kind: "flv_clock_jump", byMs: 3_600_000 }),
        "control.host": (room) => room.fault({ kind: "control", action: 3 }),
        "silent.host": (room) => room.fault({ kind: "offline", control: false }),
      };
      for (const [name, trouble] of Object.entries(troubled)) {
        // In process no ffmpeg is needed.
        const without = engine === "inprocess" && name === "drop.host" ? { ffmpegPath: undefined, env: {} } : {};
        const reconnects = ["drop.host", "cut.host", "stall.host"].includes(name);
        const options = {
          ...without,
          ...(reconnects ? { durationMs: LONG_MS } : {}),
          ...(name === "stall.host" ? { stallTimeoutMs: 1_500 } : {}),
        };
        runs.set(name, run(name, options, trouble));
      }
      runs.set(
        "outage.host",
        run("outage.host", { durationMs: LONG_MS, mp4: true, stallTimeoutMs: 1_500 }, (room) => {
          room.fault({ kind: "http", route: "flv", reply: "status", status: 404, times: 1 });
          room.fault({ kind: "http", route: "flv", reply: "hang", times: 1 });
          room.fault({ kind: "flv_cut", inside: false });
        }),
      );
      let free = Infinity;
      runs.set(
        "full.host",
        run("full.host", { durationMs: LONG_MS, freeBytes: () => Promise.resolve(free) }, async (room, recording) => {
          free = 1_000;
          await new Promise((resolve) => recording.on("problem", resolve));
          // Longer than what a new connection brings again.
          const fullSinceMs = room.current?.elapsedMs() ?? 0;
          await room.until(() => (room.current?.elapsedMs() ?? 0) - fullSinceMs > 3_000);
          free = Infinity;
        }),
      );
      standin.room("lesser.host").fault({ kind: "http", route: "flv", reply: "status", status: 404, times: 3 });
      runs.set("lesser.host", run("lesser.host", { durationMs: LONG_MS }));
      standin.room("refused.host").fault({ kind: "handshake", status: 415 });
      runs.set("refused.host", run("refused.host"));
      standin.room("blind.host").fault({ kind: "http", route: "flv", reply: "status", status: 403 });
      runs.set("blind.host", run("blind.host"));
      if (noHevc === false) {
        runs.set(
          "change.host",
          run("change.host", { durationMs: LONG_MS, preferences: { qualities: ["sd"] } }, (room) => {
            isHevc = false;
            room.fault({ kind: "flv_cut", inside: false });
          }),
        );
      }
      runs.set("odd.host", run("odd.host", { preferences: { qualities: ["ld"] } }));
      runs.set("sound.host", run("sound.host", { preferences: { qualities: ["ao"] } }));
      runs.set("stop.host", run("stop.host", { mp4: true }, (_, recording) => void recording.stop()));
      const aborting = new AbortController();
      runs.set("abort.host", run("abort.host", { signal: aborting.signal }, () => aborting.abort(new Error("enough"))));
      if (engine === "ffmpeg") await startKilled();
      runs.set(
        "disk.host",
        run(
          "disk.host",
          {},
          (_, recording) => rm(recording.folder, { recursive: true, maxRetries: 20, retryDelay: 50 }),
        ),
      );
      for (const each of runs.values()) {
        each.catch(() => undefined);
      }
    });
    after(async () => {
      await Promise.allSettled(runs.values());
      await standin.stop();
      await rm(dir, { recursive: true });
    });

    /** Records with an ffmpeg that is killed half-way. */
    async function startKilled(): Promise<void> {
      const pidFile = join(dir, "ffmpeg.pid");
      const wrapper = join(dir, "ffmpeg.sh");
      const ffmpeg = await findFfmpeg(undefined, process.env);
      await writeFile(wrapper, `#!/bin/sh\necho $$ > '${pidFile}'\nexec '${ffmpeg}' "$@"\n`, { mode: 0o755 });
      runs.set(
        "killed.host",
        run("killed.host", { ffmpegPath: wrapper }, async () => {
          process.kill(Number(await readFile(pidFile, "utf8")), "SIGKILL");
        }),
      );
    }

    /** Every whole tag is there once, and the length is right. */
    async function checkMedia(
      { recording, room, manifest }: Told,
      { toleranceMs = TOLERANCE_MS, holesMs = 500 } = {},
    ): Promise<void> {
      const sources = await Promise.all(["origin", "hd", "sd", "ld"].map((quality) => media.source(quality)));
      const tags = [...sources, ...hevc === undefined ? [] : [await hevc]].flatMap((source) => source.tags);
      const hashes = sampleHashes(tags);
      const judgement = await judge(recording.folder);
      const verdict = compareTags(judgement.packets, room.tags(), room.connections(), hashes);
      assert(verdict.written > 50, `${verdict.written} tags were written`);
      assertEquals([verdict.missing.length, verdict.twice, verdict.foreign], [0, [], []]);
      assertEquals([judgement.backSteps, judgement.wrongFiles, judgement.closed], [0, [], true]);
      const unread = new Set(verdict.unread);
      const sent = room.tags().filter((tag) => !tag.header && tag.state === "whole" && !unread.has(tag));
      const times = sent.map(({ mediaMs }) => mediaMs);
      const offMs = judgement.listedMs + manifest.totals.missingMs - (Math.max(...times) - Math.min(...times));
      assert(Math.abs(offMs) < toleranceMs, `video and gaps are off by ${offMs} ms`);
      const holesFoundMs = Math.abs(judgement.durationMs - judgement.listedMs);
      assert(holesFoundMs < holesMs, `${judgement.durationMs} ms of packets, ${judgement.listedMs} listed`);
      assertEquals(judgement.listedMs, manifest.totals.durationMs);
    }

    /** Every message is in `events.jsonl` once. */
    async function checkEvents({ recording, room, manifest }: Told): Promise<void> {
      const text = await readFile(join(recording.folder, "events.jsonl"), "utf8");
      const events: { type: string; id: string }[] = text.trim().split("\n").map((line) => JSON.parse(line));
      assertEquals(events.length, manifest.totals.events);
      const { ids, historyIds } = room.stats();
      const stored = events.filter(({ type }) => !CLIENT_TYPES.has(type)).map(({ id }) => id);
      assertEquals(stored.toSorted(), [...new Set([...ids, ...historyIds])].toSorted());
    }

    it("records every tag and every event once", async () => {
      const told = await outcome("plain.host");
      const { manifest, recording, room } = told;
      await checkMedia(told);
      await checkEvents(told);
      assertEquals(manifest.end, { kind: "ended", retryable: false });
      assertEquals([manifest.gaps, manifest.problems, manifest.recovered], [[], [], false]);
      assertEquals(manifest.parts.map((part) => part.engine), [engine]);
      assertEquals([manifest.host.username, manifest.roomId], ["plain.host", room.roomId]);
      assertEquals(manifest.totals.connections, 1);
      const files = await readdir(recording.folder);
      assertEquals(
        files.filter((file) => !file.startsWith("segment_")).toSorted(),
        ["chat.vtt", "events.jsonl", "index.m3u8", "init_0000.mp4", "manifest.json", "segments.jsonl"],
      );
      const stored = (await readFile(join(recording.folder, "events.jsonl"), "utf8")).trim().split("\n");
      const chats = stored.map((line) => JSON.parse(line)).filter(({ type, history }) => type === "chat" && !history);
      const subtitles = await readFile(join(recording.folder, "chat.vtt"), "utf8");
      assert(chats.length > 0 && subtitles.startsWith("WEBVTT\n\n00:00:"));
      assertEquals(subtitles.split(" --> ").length - 1, chats.length);
      assertEquals(JSON.parse(await readFile(join(recording.folder, "manifest.json"), "utf8")), manifest);
    });

    for (const name of ["drop.host", "cut.host", "stall.host", "jump.host"]) {
      it(`goes on after trouble with the stream: ${name.split(".")[0]}`, async () => {
        const told = await outcome(name);
        await checkMedia(told);
        await checkEvents(told);
        assertEquals(told.manifest.end.kind, "ended");
        // A slow machine may lead to one more; each is counted.
        const connections = new Set(told.room.tags().map(({ connection }) => connection)).size;
        assertEquals(told.manifest.totals.connections, connections);
        assert(name === "jump.host" ? connections === 1 : connections > 1, `${connections} connections`);
      });
    }

    it("writes down what an outage cost, and goes on in a new part", async () => {
      const told = await outcome("outage.host");
      await checkMedia(told);
      const [gap, ...more] = told.manifest.gaps;
      assertEquals([gap?.reason, more.length], ["stalled", 0]);
      assertEquals(told.manifest.mp4, "recording.mp4");
      assertEquals(told.manifest.parts.map(({ reason }) => reason), ["start", "gap"]);
      const playlist = await readFile(join(told.recording.folder, "index.m3u8"), "utf8");
      assertEquals(playlist.match(/^#EXT-X-DISCONTINUITY$/gm)?.length, 1);
      assertEquals(playlist.match(/^#EXT-X-MAP:/gm)?.length, 2);
      const times = told.manifest.segments.map(({ startAt }) => startAt);
      const secondPart = told.manifest.segments.findIndex(({ part }) => part === 1);
      const stepMs = (times[secondPart] ?? 0) - (times[secondPart - 1] ?? 0);
      const lengthMs = told.manifest.segments[secondPart - 1]?.durationMs ?? 0;
      const offMs = stepMs - lengthMs - (gap?.missingMs ?? 0);
      assert(Math.abs(offMs) < 1000, `the wall time of the second part is off by ${offMs} ms`);
    });

    it("waits while the disk has no room, says so, and goes on", async () => {
      const told = await outcome("full.host");
      await checkMedia(told);
      await checkEvents(told);
      const { manifest, problems } = told;
      assertEquals([manifest.end.kind, manifest.gaps.map(({ reason }) => reason)], ["ended", ["paused"]]);
      assertEquals(problems, ["video internal"]);
      assert(manifest.problems[0]?.detail.includes("only 1000 bytes are free"), manifest.problems[0]?.detail);
      assertEquals(manifest.parts.map(({ reason }) => reason), ["start", "gap"]);
    });

    it("takes a lesser picture when the best one cannot be had", async () => {
      const told = await outcome("lesser.host");
      await checkMedia(told);
      assertEquals([...new Set(told.room.tags().map(({ quality }) => quality))], ["hd"]);
      // Once, however often the best one was tried before.
      assertEquals(told.streams, ["hd"]);
    });

    it("does not believe an end that HTTP does not confirm", async () => {
      const told = await outcome("control.host");
      await checkMedia(told);
      await checkEvents(told);
    });

    it("ends when HTTP says so and nothing else does", async () => {
      const told = await outcome("silent.host");
      await checkMedia(told);
      assertEquals(told.manifest.end.kind, "ended");
    });

    it("records the video when the socket is refused", async () => {
      const told = await outcome("refused.host");
      await checkMedia(told);
      assertEquals(told.manifest.end.kind, "ended");
      assert(told.problems.includes("events device_blocked"), told.problems.join());
      assertEquals(told.manifest.problems.map(({ half }) => half).includes("events"), true);
    });

    it("records the events when there is no video", async () => {
      const told = await outcome("blind.host");
      await checkEvents(told);
      assertEquals([told.manifest.end.kind, told.manifest.totals.segments], ["ended", 0]);
      assert(told.problems.includes("video blocked"), told.problems.join());
    });

    it("records sound alone", async () => {
      const told = await outcome("sound.host");
      await checkMedia(told);
      const { parts, segments } = told.manifest;
      assertEquals(parts.map(({ codecs }) => codecs), [{ audio: "aac" }]);
      assert(segments.length > 2, `${segments.length} segments`);
    });

    it("records H.265, and tells where another codec comes in its place", { skip: noHevc }, async () => {
      const told = await outcome("change.host");
      // The server begins with its last keyframe, which is none of the tags that were there before; where that comes up
      // to a second after the last tag, it counts as a slow frame.
      await checkMedia(told, { toleranceMs: 4_000, holesMs: 1_200 });
      const { parts } = told.manifest;
      assertEquals(parts.map(({ codecs }) => codecs.video), ["hevc", "avc"]);
      assertEquals(parts.map((part) => part.engine), ["inprocess", engine]);
      assertEquals(told.parts, ["hevc", "avc"]);
    });

    it("leaves to ffmpeg what cannot be written in process", async () => {
      const told = await outcome("odd.host");
      await checkMedia(told);
      const { parts, gaps } = told.manifest;
      assertEquals([parts.map((part) => part.engine), gaps], [["ffmpeg"], []]);
      assertEquals(parts.map(({ reason }) => reason), [engine === "ffmpeg" ? "start" : "writer"]);
      assertEquals(told.problems, engine === "ffmpeg" ? [] : ["video internal"]);
    });

    it("loses nothing when ffmpeg is killed", { skip: engine !== "ffmpeg" }, async () => {
      const told = await outcome("killed.host");
      await checkMedia(told);
      assertEquals(told.manifest.parts.map(({ reason }) => reason), ["start", "writer"]);
      assertEquals([told.manifest.end.kind, told.manifest.gaps, told.problems], ["ended", [], ["video internal"]]);
    });

    it("fails with its own error when the disk does", async () => {
      const error = await assertRejects(() => outcome("disk.host"));
      assertEquals(error instanceof RecorderError ? error.code : error, "writer_failed");
    });

    it("stops when asked, with everything that came until then, and makes an MP4", async () => {
      const told = await outcome("stop.host");
      assertEquals(told.manifest.end, { kind: "stopped", retryable: false });
      await checkMedia(told);
      assertEquals(told.manifest.mp4, "recording.mp4");
      assert((await stat(join(told.recording.folder, "recording.mp4"))).size > 100_000);
    });

    it("closes the recording when its signal is aborted", async () => {
      const told = await outcome("abort.host");
      assertEquals(told.manifest.end.kind, "stopped");
      await checkMedia(told);
    });

    it("gives each recording a folder of its own, within one second, too", async () => {
      standin.room("twice.host").startLive({ seed: "twice.host", rate: 0.1 });
      const folders = await Promise.all([1, 2].map(async () => {
        const recording = record("twice.host", defaults());
        await new Promise((resolve) => recording.on("started", resolve));
        await recording.stop();
        return recording.folder;
      }));
      assertEquals(new Set(folders).size, 2);
      const stamps = new Set(folders.map((folder) => folder.replace(/_2$/, "")));
      if (stamps.size === 1) assert(folders.some((folder) => folder.endsWith("_2")), folders.join());
    });

    it("rejects when there is nothing to record", async () => {
      standin.room("offline.host");
      for (const [name, code] of [["offline.host", "offline"], ["nobody.host", "not_found"]] as const) {
        const error = await assertRejects(() => record(name, defaults()).done);
        assertEquals(isLiveError(error) ? error.code : error, code);
      }
      const error = await assertRejects(() => record("plain.host", { ...defaults(), ffmpegPath: "/no/ffmpeg" }).done);
      assertEquals(error instanceof RecorderError ? error.code : error, "ffmpeg_missing");
    });
  });
}
