import { assert, assertEquals } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { TikTok } from "@roomtone/sdk";
import type { FlvSource } from "./flv_source.ts";
import { makeSource, makeTag, TAG_VIDEO } from "./flv_source.ts";
import { HlsChannel } from "./hls_server.ts";
import type { SegmentCut, SegmentLibrary } from "./hls_source.ts";
import { type Standin, startStandin } from "./mod.ts";

/** A picture each 40 ms, a keyframe each 2 s. */
const SOURCE: FlvSource = makeSource(
  Array.from(
    { length: 250 },
    (_, index) => makeTag(TAG_VIDEO, index * 40, Uint8Array.of(index % 50 ? 0x27 : 0x17, 1, 0, 0, 0, index)),
  ),
);

/** A channel whose segments say what they hold. */
function channelAt(): { channel: HlsChannel; at: (ms: number) => void; list: () => string } {
  let nowMs = 0;
  const clock = { now: () => nowMs, setTimeout: () => 0, clearTimeout: () => {} };
  const library = {
    segment: (_: FlvSource, { fromMs, toMs, offsetMs }: SegmentCut) =>
      Promise.resolve(new TextEncoder().encode(`${fromMs} ${toMs} ${offsetMs}`)),
  };
  const channel = new HlsChannel(clock, () => nowMs, () => {}, library as unknown as SegmentLibrary);
  const list = () =>
    channel.playlist(() => "s").split("\n").slice(3).filter((line) => !line.startsWith("#EXTINF")).join(" ");
  return { channel, at: (ms) => void (nowMs = ms), list };
}

describe("the stand-in's HLS", () => {
  it("slides over whole segments, ends with a shorter one, and writes down what it handed out", async () => {
    const { channel, at, list } = channelAt();
    assertEquals(list(), "#EXT-X-MEDIA-SEQUENCE:1000 ");
    at(4_100);
    assertEquals(list(), "#EXT-X-MEDIA-SEQUENCE:1000 0-1000.ts?s 0-1001.ts?s ");
    assertEquals(new TextDecoder().decode(await channel.segment("0-1001.ts", "hd", SOURCE)), "2000 4000 0");
    assertEquals(
      channel.tags.map(({ mediaMs }) => mediaMs),
      Array.from({ length: 50 }, (_, index) => 2_000 + index * 40),
    );
    await channel.segment("0-1001.ts", "hd", SOURCE);
    assertEquals([channel.tags.length, channel.records.map(({ quality }) => quality)], [50, ["hd"]]);
    assertEquals(await channel.segment("0-1002.ts", "hd", SOURCE), undefined);
    at(16_500);
    assertEquals(list().split(" ").slice(0, 2), ["#EXT-X-MEDIA-SEQUENCE:1002", "0-1002.ts?s"]);
    channel.end();
    assert(list().endsWith("0-1008.ts?s #EXT-X-ENDLIST "), list());
    assertEquals(channel.publishedMs, 16_400);
  });

  it("skips, stands still, jumps and begins anew on command", async () => {
    const { channel, at, list } = channelAt();
    at(2_000);
    channel.skip(1);
    at(6_000);
    assertEquals(list(), "#EXT-X-MEDIA-SEQUENCE:1000 0-1000.ts?s 0-1002.ts?s ");
    channel.freeze(3_000);
    at(8_000);
    assert(!list().includes("1003"));
    at(9_000);
    assert(list().includes("1003"));
    channel.jump(500);
    at(10_000);
    assert(list().includes("#EXT-X-DISCONTINUITY 0-1004.ts"), list());
    assertEquals(new TextDecoder().decode(await channel.segment("0-1004.ts", "hd", SOURCE)), "8000 10000 500");
    channel.restart();
    at(12_000);
    assertEquals(list(), "#EXT-X-MEDIA-SEQUENCE:0 1-0.ts?s ");
    assertEquals(new TextDecoder().decode(await channel.segment("1-0.ts", "hd", SOURCE)), "10000 12000 -10000");
  });

  describe("over HTTP", () => {
    let standin: Standin;
    before(async () => {
      standin = await startStandin({ media: { source: () => Promise.resolve(SOURCE) } });
    });
    after(() => standin.stop());

    it("leads from a room's link over the master playlist to the media playlist, with a signature each", async () => {
      const room = standin.room("hls.host");
      room.startLive({ streams: "hls" });
      const { links } = await new TikTok({ baseUrls: standin.baseUrls }).roomStatus("hls.host");
      assertEquals([...new Set(links.map(({ protocol }) => protocol))], ["hls"]);
      const [link] = links;
      const master = await (await fetch(link?.url ?? "")).text();
      const address = new URL(master.trim().split("\n").at(-1) ?? "", link?.url);
      assert((await (await fetch(address)).text()).startsWith("#EXTM3U\n#EXT-X-VERSION:3"));
      assertEquals((await fetch(address.href.replace(/sign=./, "sign=x"))).status, 403);
      room.fault({ kind: "http", route: "hls", reply: "status", status: 404, times: 1 });
      assertEquals((await fetch(address)).status, 404);
      assertEquals((await fetch(address)).status, 200);
      room.endLive();
      assert((await (await fetch(address)).text()).includes("#EXT-X-ENDLIST"));
    });
  });
});
