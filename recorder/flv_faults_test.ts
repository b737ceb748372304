/**
 * Faults of CDNs, injected into the bytes of a real stream, written by each engine and judged by ffprobe: media time plus
 * reported gaps is what was sent, and every whole tag is there once. Time is that of the stream; nothing is waited for.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { systemClock } from "@roomtone/sdk";
import { FlvReader, FlvRepair } from "@roomtone/sdk/media";
import { judge } from "../tests/judge/mod.ts";
import { encodeTag, flvHeader, type FlvSource, type FlvTag, MediaLibrary } from "../tests/standin/flv_source.ts";
import { createRandom, type Random } from "../tests/standin/prng.ts";
import { findFfmpeg } from "./find_ffmpeg.ts";
import { MediaWriter } from "./media_writer.ts";
import { RecordingFolder } from "./recording_folder.ts";

const seed = process.env["ROOMTONE_TEST_SEED"] ?? String(Date.now());
/** Random schedules. Those of ffmpeg, with a process for each part, take longer. */
const SCHEDULES = { inprocess: 12, ffmpeg: 3 };
const START_AT_MS = 1_700_000_000_000;
/** Between two faults: a clock that jumped has to show itself first, ms. */
const LEAST_APART_MS = 2_500;
/** Lengths of gaps on a new clock are measured by arrival. */
const GAP_TOLERANCE_MS = 400;
const KINDS = ["header", "ahead", "back", "repeat", "garbage", "cut"] as const;

/** A fault before the first tag at or after a time. */
interface Fault {
  kind: typeof KINDS[number];
  atMs: number;
}

function makeSchedule(random: Random, lengthMs: number): Fault[] {
  const faults: Fault[] = [];
  for (let atMs = random.int(500, 3_000); atMs < lengthMs - LEAST_APART_MS; atMs += random.int(LEAST_APART_MS, 6_000)) {
    faults.push({ kind: random.pick(KINDS), atMs });
  }
  return faults;
}

/** Each kind once. */
const EACH_ONCE: readonly Fault[] = KINDS.map((kind, index) => ({ kind, atMs: 2_000 + index * 4_000 }));

/** Sends a stream with faults, and keeps book of the whole tags. */
class FaultySender {
  readonly #source: FlvSource;
  readonly #random: Random;
  readonly #repair = new FlvRepair();
  readonly #writer: MediaWriter;
  #reader = new FlvReader();
  #clockMs = 0;
  /** Place of the first tag of the connection: no server repeats what it never sent. */
  #first = 0;
  /** Places of the tags that were sent whole. */
  readonly whole = new Set<number>();

  constructor(source: FlvSource, random: Random, writer: MediaWriter) {
    this.#source = source;
    this.#random = random;
    this.#writer = writer;
  }

  get stats() {
    return this.#repair.stats;
  }

  /** @param bareMs how long the sequence headers are kept back at the start */
  async play(schedule: readonly Fault[], bareMs = 0): Promise<void> {
    const { tags } = this.#source;
    const faults = [...schedule];
    await this.#open(0, bareMs === 0);
    let isBare = bareMs > 0;
    for (let next = 0; next < tags.length;) {
      const tag = tags[next];
      if (tag === undefined) break;
      if (isBare && tag.timestampMs >= bareMs) {
        isBare = false;
        await this.#headers(tag.timestampMs);
      }
      const fault = tag.timestampMs >= (faults[0]?.atMs ?? Infinity) ? faults.shift() : undefined;
      if (fault?.kind === "cut") {
        next = await this.#cut(tag);
        const openedMs = tags[next]?.timestampMs ?? 0;
        while ((faults[0]?.atMs ?? Infinity) < openedMs + LEAST_APART_MS) faults.shift();
        continue;
      }
      if (fault !== undefined) await this.#spoil(fault.kind, next, tag.timestampMs);
      await this.#send(encodeTag(tag, this.#stamp(tag)), tag.timestampMs);
      this.whole.add(next++);
    }
    const endMs = tags.at(-1)?.timestampMs ?? 0;
    await this.#close(endMs);
    await this.#writer.take(this.#repair.finish(START_AT_MS + endMs));
    await this.#writer.finish();
  }

  #stamp(tag: FlvTag): number {
    return (tag.timestampMs + this.#clockMs) >>> 0;
  }

  /** Hands bytes over in pieces, as networks do. */
  async #send(bytes: Uint8Array, mediaMs: number): Promise<void> {
    const cut = this.#random.int(0, bytes.length);
    for (const piece of [bytes.slice(0, cut), bytes.slice(cut)]) {
      await this.#writer.take(this.#repair.push(this.#reader.push(piece), START_AT_MS + mediaMs));
    }
  }

  async #open(mediaMs: number, withHeaders: boolean): Promise<void> {
    this.#reader = new FlvReader();
    await this.#send(flvHeader({ audio: true, video: true }), mediaMs);
    if (withHeaders) await this.#headers(mediaMs);
  }

  async #headers(mediaMs: number): Promise<void> {
    for (const tag of this.#source.headers) {
      await this.#send(encodeTag(tag, (mediaMs + this.#clockMs) >>> 0), mediaMs);
    }
  }

  async #close(mediaMs: number): Promise<void> {
    const atMs = START_AT_MS + mediaMs;
    await this.#writer.take([
      ...this.#repair.push(this.#reader.end(), atMs),
      ...this.#repair.disconnect("closed", atMs),
    ]);
  }

  async #spoil(kind: Exclude<Fault["kind"], "cut">, next: number, mediaMs: number): Promise<void> {
    const random = this.#random;
    if (kind === "header") {
      await this.#send(flvHeader({ audio: true, video: true }), mediaMs);
      await this.#headers(mediaMs);
    } else if (kind === "ahead") {
      this.#clockMs += random.int(2_500, 500_000);
    } else if (kind === "back") {
      this.#clockMs += random.int(-500_000, -1_500);
    } else if (kind === "repeat") {
      for (const tag of this.#source.tags.slice(Math.max(this.#first, next - random.int(1, 60)), next)) {
        await this.#send(encodeTag(tag, this.#stamp(tag)), mediaMs);
      }
    } else {
      // Never the start of a tag or of a file.
      const noise = Array.from({ length: random.int(1, 300) }, () => random.int(0x20, 0x45));
      await this.#send(Uint8Array.from(noise), mediaMs);
    }
  }

  /** Cuts the connection inside a tag; the next one begins with the last keyframe. @returns its first tag */
  async #cut(tag: FlvTag): Promise<number> {
    const random = this.#random;
    const { tags } = this.#source;
    const bytes = encodeTag(tag, this.#stamp(tag));
    await this.#send(bytes.slice(0, random.int(0, bytes.length - 5)), tag.timestampMs);
    await this.#close(tag.timestampMs);
    const againMs = tag.timestampMs + (random.chance(0.5) ? random.int(0, 300) : random.int(2_500, 6_000));
    const keyframe = tags.findLastIndex((each) => each.keyframe && each.timestampMs <= againMs);
    const first = tags[keyframe];
    if (first === undefined || againMs > (tags.at(-1)?.timestampMs ?? 0) - LEAST_APART_MS) return tags.length;
    if (random.chance(0.5)) this.#clockMs = random.int(0, 2 ** 31);
    await this.#open(againMs, random.chance(0.7));
    return this.#first = keyframe;
  }
}

const sampleHash = ({ type, payload }: FlvTag): string =>
  createHash("md5").update(payload.subarray(type === 9 ? 5 : 2)).digest("hex");

for (const engine of ["inprocess", "ffmpeg"] as const) {
  describe(`faults in FLV, written by the engine ${engine}, by ffprobe (ROOMTONE_TEST_SEED=${seed})`, () => {
    let dir: string;
    let ffmpeg: string | undefined;
    let source: FlvSource;

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), "roomtone-faults-"));
      const ffmpegPath = process.env["ROOMTONE_FFMPEG"] ?? "ffmpeg";
      if (engine === "ffmpeg") ffmpeg = await findFfmpeg(undefined, process.env);
      source = await new MediaLibrary({ ffmpegPath }).source("ld");
    });
    after(() => rm(dir, { recursive: true }));

    async function record(name: string, random: Random, schedule: readonly Fault[], bareMs = 0) {
      const path = join(dir, name);
      const folder = await RecordingFolder.create(path, {
        type: "start",
        version: 1,
        host: { username: "some.host" },
        roomId: "1",
        title: "",
        startedAt: START_AT_MS,
        segmentMs: 4_000,
      });
      const troubles: string[] = [];
      const sender = new FaultySender(
        source,
        random,
        new MediaWriter({
          folder,
          engine,
          ffmpeg,
          segmentMs: 4_000,
          segmentMaxBytes: 64 * 1024 * 1024,
          clock: systemClock,
          onPart: () => {},
          onSegment: () => {},
          onGap: () => {},
          onTrouble: (detail) => troubles.push(detail),
        }),
      );
      await sender.play(schedule, bareMs);
      const end = { kind: "ended", retryable: false } as const;
      const manifest = await folder.close({ end, endedAt: START_AT_MS, recovered: false, eventsByType: {} });
      const judgement = await judge(path);
      const whole = source.tags.filter((_, index) => sender.whole.has(index));
      return { sender, manifest, judgement, whole, troubles };
    }

    const schedules = ["each kind once", ...Array.from({ length: SCHEDULES[engine] }, (_, run) => `schedule ${run}`)];
    for (const [run, title] of schedules.entries()) {
      it(`${title}: every whole tag once, and media plus gaps is what was sent`, async () => {
        const random = createRandom(`${seed}/${run}`);
        const schedule = run === 0 ? EACH_ONCE : makeSchedule(random, source.loopMs);
        const told = JSON.stringify(schedule.map(({ kind, atMs }) => `${kind} ${atMs}`));
        const { manifest, judgement, whole, troubles } = await record(`run${run}`, random, schedule);
        assertEquals(judgement.packets.map(({ md5 }) => md5).toSorted(), whole.map(sampleHash).toSorted(), told);
        assertEquals([judgement.backSteps, judgement.wrongFiles, troubles], [0, [], []], told);
        const times = whole.map(({ timestampMs }) => timestampMs);
        const sentMs = Math.max(...times) - Math.min(...times);
        const offMs = judgement.listedMs + manifest.totals.missingMs - sentMs;
        const toleranceMs = GAP_TOLERANCE_MS * (1 + schedule.filter(({ kind }) => kind === "cut").length);
        assert(Math.abs(offMs) <= toleranceMs, `media and gaps are off by ${offMs} ms: ${told}`);
        assert(Math.abs(judgement.durationMs - judgement.listedMs) < 500, `${judgement.durationMs} ms of packets`);
      });
    }

    it("leaves out what no sequence header came for, counts it, and has the rest once", async () => {
      const { sender, judgement, whole } = await record("bare", createRandom(seed), [], 4_000);
      const { undecodable } = sender.stats;
      assert(undecodable > 100 && undecodable < whole.length / 2, `${undecodable} of ${whole.length}`);
      const expected = whole.slice(undecodable);
      assertEquals(judgement.packets.map(({ md5 }) => md5).toSorted(), expected.map(sampleHash).toSorted());
      assertEquals(judgement.backSteps, 0);
      assert((expected[0]?.timestampMs ?? 0) >= 3_900, `it goes on at ${expected[0]?.timestampMs} ms`);
    });
  });
}
