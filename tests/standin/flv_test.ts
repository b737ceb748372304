import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { FakeClock } from "@roomtone/sdk/testing";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, describe, it } from "node:test";
import { type FlvSource, type FlvTag, makeSource, makeTag, MediaLibrary, parseFlv } from "./flv_source.ts";
import { type Room, type Standin, type StandinOptions, startStandin, type TagRecord } from "./mod.ts";
import { RawConnection } from "./raw_client.ts";

const AVC_HEADER = makeTag(9, 0, Uint8Array.of(0x17, 0, 0, 0, 0, 1));
const AAC_HEADER = makeTag(8, 0, Uint8Array.of(0xaf, 0, 0x12));
const METADATA = makeTag(18, 0, Uint8Array.of(2, 0, 1, 0x6d));

/** 2 s of picture at 25 frames a second with a keyframe each 400 ms, sound each 20 ms; every payload differs. */
function syntheticSource(payloadBytes = 60): FlvSource {
  const tags: FlvTag[] = [METADATA, AVC_HEADER, AAC_HEADER];
  const payload = (first: number, at: number): Uint8Array => {
    const bytes = new Uint8Array(payloadBytes).fill(1);
    bytes.set([first, 1, 0, 0, 0, at >> 8, at & 0xff]);
    return bytes;
  };
  for (let at = 0; at < 2000; at += 40) tags.push(makeTag(9, at, payload(at % 400 === 0 ? 0x17 : 0x27, at)));
  for (let at = 0; at < 2000; at += 20) tags.push(makeTag(8, at, payload(0xaf, at)));
  return makeSource(tags);
}

const brief = ({ type, timestampMs, md5 }: { type: number; timestampMs: number; md5: string }): string =>
  `${type} ${timestampMs} ${md5}`;

describe("the stand-in's HTTP-FLV", () => {
  let standin: Standin;
  let clock: FakeClock;
  let room: Room;
  const open: RawConnection[] = [];

  async function start(options: StandinOptions = {}): Promise<void> {
    clock = new FakeClock();
    const source = syntheticSource();
    standin = await startStandin({ clock, media: { source: () => Promise.resolve(source) }, ...options });
    room = standin.room("some.host");
    room.startLive({ rate: 0.001 });
  }
  afterEach(async () => {
    for (const connection of open.splice(0)) connection.socket.destroy();
    await standin.stop();
  });

  async function streamUrl(key: string): Promise<string> {
    const response = await fetch(`${standin.url}/api-live/user/room/?aid=1988&uniqueId=some.host`);
    const { data } = await response.json();
    return JSON.parse(data.liveRoom.streamData.pull_data.stream_data).data[key].main.flv;
  }

  /** Opens the stream and reads the answer's head. */
  async function watch(key = "origin"): Promise<RawConnection> {
    const url = new URL(await streamUrl(key));
    const connection = await RawConnection.open({ port: standin.port }, url.pathname + url.search, []);
    open.push(connection);
    const { status, headers } = await connection.head();
    assertEquals([status, headers.get("content-type")], [200, "video/x-flv"]);
    return connection;
  }

  /** Whole tags that a client got until the connection ended, and the bytes of one that was cut. */
  async function received(connection: RawConnection): Promise<{ tags: FlvTag[]; leftover: number }> {
    const bytes = await connection.rest();
    let end = 13;
    while (end + 15 <= bytes.length) {
      const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(end) & 0xffffff;
      if (end + 15 + size > bytes.length) break;
      end += 15 + size;
    }
    return { tags: parseFlv(bytes.slice(0, end)), leftover: bytes.length - end };
  }

  const whole = (connection: number): TagRecord[] =>
    room.tags().filter((tag) => tag.connection === connection && tag.state === "whole");

  it("opens with metadata and sequence headers, then goes from the last keyframe in step with the clock", async () => {
    await start();
    await clock.advance(500);
    const connection = await watch();
    await clock.advance(300);
    room.endLive();
    const { tags, leftover } = await received(connection);
    assertEquals(leftover, 0);
    assertEquals(tags.slice(0, 3).map(({ type, header }) => [type, header]), [[18, true], [9, true], [8, true]]);
    const media = tags.slice(3);
    assertEquals([media[0]?.timestampMs, media[0]?.keyframe], [400, true]);
    assertEquals(media.at(-1)?.timestampMs, 800);
    assertEquals(media.map(({ timestampMs }) => timestampMs), media.map(({ timestampMs }) => timestampMs).sort());
  });

  it("writes down every tag that went out, once, as it went out", async () => {
    await start();
    const first = await watch();
    await clock.advance(700);
    const second = await watch("ld");
    await clock.advance(700);
    room.endLive();
    for (const [index, connection] of [first, second].entries()) {
      const { tags } = await received(connection);
      assertEquals(whole(index + 1).map(brief), tags.map(brief));
    }
    assertEquals(room.connections().map(({ quality, closedBy }) => [quality, closedBy]), [
      ["origin", "end"],
      ["ld", "end"],
    ]);
  });

  it("goes on with later timestamps when the loop starts again", async () => {
    await start();
    const connection = await watch();
    await clock.advance(4500);
    room.endLive();
    const pictures = (await received(connection)).tags.filter(({ type, header }) => type === 9 && !header);
    assertEquals(pictures.map(({ timestampMs }) => timestampMs), pictures.map((_, index) => index * 40));
    assertEquals(pictures[50]?.md5, pictures[0]?.md5);
  });

  it("a client that comes back gets the tags since the last keyframe again", async () => {
    await start();
    const first = await watch();
    await clock.advance(600);
    room.fault({ kind: "flv_cut", inside: false });
    const before = await received(first);
    const second = await watch();
    await clock.advance(200);
    room.endLive();
    const after = await received(second);
    assertEquals([before.leftover, after.leftover], [0, 0]);
    const again = room.tags().filter(({ mediaMs, connection, header }) =>
      !header && connection === 2 && mediaMs >= 400 && mediaMs <= 600
    );
    assert(again.length > 10);
    const known = new Set(before.tags.map(brief));
    assert(again.every((tag) => known.has(brief(tag))));
  });

  it("cuts inside a tag, and counts that one as cut", async () => {
    await start();
    const connection = await watch();
    await clock.advance(300);
    room.fault({ kind: "flv_cut", inside: true });
    const { tags, leftover } = await received(connection);
    assertEquals(leftover, 11 + 30);
    assertEquals(whole(1).map(brief), tags.map(brief));
    assertEquals(room.tags().filter(({ state }) => state === "cut").length, 1);
    assertEquals(room.connections()[0]?.closedBy, "fault");
  });

  it("stalls for a while and then catches up; a new connection is not stalled", async () => {
    await start();
    const connection = await watch();
    room.fault({ kind: "flv_stall", forMs: 1000 });
    const before = room.tags().length;
    await clock.advance(900);
    assertEquals(room.tags().length, before);
    await watch();
    assert(room.tags().length > before);
    await clock.advance(200);
    room.endLive();
    const pictures = (await received(connection)).tags.filter(({ type, header }) => type === 9 && !header);
    assertEquals(pictures.map(({ timestampMs }) => timestampMs), pictures.map((_, index) => index * 40));
  });

  it("jumps its timestamps forwards, back and to a value, the media going on", async () => {
    await start();
    const connection = await watch();
    await clock.advance(200);
    room.fault({ kind: "flv_clock_jump", byMs: 100_000 });
    await clock.advance(200);
    room.fault({ kind: "flv_clock_jump", byMs: -50_000 });
    await clock.advance(200);
    room.fault({ kind: "flv_clock_jump", toMs: 0 });
    await clock.advance(200);
    room.fault({ kind: "flv_clock_jump", toMs: 0xfffffff0 });
    await clock.advance(200);
    const late = await watch();
    room.endLive();
    await Promise.all([received(connection), received(late)]);
    const pictures = whole(1).filter(({ type, header }) => type === 9 && !header);
    assertEquals(pictures.map(({ mediaMs }) => mediaMs), pictures.map((_, index) => index * 40));
    const at = (mediaMs: number): number | undefined => pictures.find((tag) => tag.mediaMs === mediaMs)?.timestampMs;
    assertEquals([at(160), at(240), at(440), at(640)], [160, 100_240, 50_440, 40]);
    const again = room.tags().filter((tag) => tag.connection === 2 && tag.type === 9 && !tag.header);
    assertEquals(again.map(({ mediaMs }) => mediaMs), [800, 840, 880, 920, 960, 1000]);
    assertEquals(again.map(({ timestampMs }) => timestampMs), again.map(({ mediaMs }) => at(mediaMs)));
    assertEquals([at(800), at(840)], [200, 0xfffffff0 + 40 - 0x100000000]);
  });

  it("sends sound alone for ao", async () => {
    await start({ media: new SoundOfSynthetic() });
    const connection = await watch("ao");
    await clock.advance(300);
    room.endLive();
    const { tags } = await received(connection);
    assert(tags.length > 10 && tags.every(({ type }) => type !== 9));
  });

  it("answers 404 after the end and for unknown streams, 403 for a wrong or late signature, and on command", async () => {
    await start({ streamUrlLifetimeMs: 60_000 });
    const url = await streamUrl("sd");
    const status = async (address: string): Promise<number> => {
      const response = await fetch(address);
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await status(url.replace(/sign=../, "sign=zz")), 403);
    assertEquals(await status(url.replace(/stream-\d/, "stream-0")), 404);
    assertEquals(await status(url.replace(".flv", "/index.m3u8")), 403);
    assertEquals(await status(url.replace(/\/stream-\d+/, "/stream-1").replace(".flv", "/index.m3u8")), 404);
    room.fault({ kind: "http", route: "flv", reply: "status", status: 403, times: 1 });
    assertEquals(await status(url), 403);
    await clock.advance(61_000);
    assertEquals(await status(url), 403);
    const fresh = await streamUrl("sd");
    room.endLive();
    assertEquals(await status(fresh), 404);
  });

  it("counts tags as cut that a client left in the server's hands", async () => {
    const big = syntheticSource(500_000);
    await start({ media: { source: () => Promise.resolve(big) } });
    const connection = await watch();
    connection.socket.pause();
    await clock.advance(800);
    connection.socket.destroy();
    await room.until(({ flvConnections }) => flvConnections === 0);
    const states = new Set(room.tags().map(({ state }) => state));
    assert(!states.has("open") && states.has("cut") && states.has("whole"), [...states].join());
    assertEquals(room.connections()[0]?.closedBy, "client");
  });
});

/** The synthetic stream without pictures. */
class SoundOfSynthetic {
  source(): Promise<FlvSource> {
    const source = syntheticSource();
    const sound = (tag: FlvTag): boolean => tag.type === 8;
    return Promise.resolve({ ...source, headers: source.headers.filter(sound), tags: source.tags.filter(sound) });
  }
}

describe("MediaLibrary", () => {
  const ffmpegPath = process.env["ROOMTONE_FFMPEG"] ?? "ffmpeg";

  it("encodes every quality once, each picture and packet of sound unlike the others", async (context) => {
    if (spawnSync(ffmpegPath, ["-version"]).status !== 0) {
      assertNotEquals(process.env["CI"], "true", "ffmpeg is missing");
      return context.skip("SKIPPED: the picture is not encoded, there is no ffmpeg");
    }
    const cacheDir = await mkdtemp(join(tmpdir(), "roomtone-standin-test-"));
    try {
      const library = new MediaLibrary({ cacheDir, ffmpegPath, seconds: 2 });
      for (const key of ["origin", "hd", "sd", "ld"]) {
        const { tags, headers, loopMs } = await library.source(key);
        assertEquals(loopMs, 2000);
        assertEquals(headers.map(({ type }) => type), [18, 9, 8]);
        for (const [type, least] of [[9, 50], [8, 80]] as const) {
          const sums = tags.filter((tag) => tag.type === type).map(({ md5 }) => md5);
          assert(sums.length >= least, `${key} has ${sums.length} tags of type ${type}`);
          assertEquals(new Set(sums).size, sums.length);
        }
        assertEquals(tags.find(({ type }) => type === 9)?.keyframe, true);
      }
      assert((await library.source("ao")).tags.every(({ type }) => type === 8));
      const folders = await readdir(cacheDir);
      await new MediaLibrary({ cacheDir, ffmpegPath, seconds: 2 }).source("hd");
      assertEquals(await readdir(cacheDir), folders);
    } finally {
      await rm(cacheDir, { recursive: true });
    }
  });

  it("says what is missing", async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), "roomtone-standin-test-"));
    const error = await assertRejects(() =>
      new MediaLibrary({ cacheDir, ffmpegPath: join(cacheDir, "no-ffmpeg") }).source("hd")
    );
    assert(String(error).includes("no-ffmpeg did not start"));
    assertEquals(await readdir(cacheDir), []);
    await rm(cacheDir, { recursive: true });
  });
});
