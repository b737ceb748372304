import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import {
  bestStream,
  expiryOf,
  linksOfLiveRoom,
  linksOfStreamUrl,
  normaliseCodec,
  type StreamLink,
} from "./stream_urls.ts";

const main = (flv: string, hls: string, params: unknown) => ({
  main: { flv, hls, cmaf: "", sdk_params: JSON.stringify(params) },
});

const pullData = (data: unknown, qualities: unknown[] = []) => ({
  pull_data: { options: { qualities }, stream_data: JSON.stringify({ common: {}, data }) },
});

const liveRoom = {
  streamData: pullData({
    sd: main("https://p.example/x_sd.flv?expire=1800000000&sign=s", "", {
      VCodec: "h264",
      vbitrate: 600000,
      resolution: "640x360",
    }),
    origin: main("https://p.example/x_or4.flv?expire=1800000000&sign=s", "https://p.example/x_or4.m3u8", {
      VCodec: "h264",
      vbitrate: 3_000_000,
      resolution: "1920x1080",
    }),
    ao: main("https://p.example/x.flv?only_audio=1", "", { VCodec: "h264", vbitrate: 0, resolution: "" }),
    uhd: main("", "", {}),
  }, [{ sdk_key: "origin", level: 11 }]),
  hevcStreamData: pullData({
    origin: main("https://p.example/x_or5.flv", "", { VCodec: "bytevc1", resolution: "1920x1080" }),
    ao: main("https://p.example/x.flv?only_audio=1", "", { VCodec: "h264" }),
  }),
};

describe("linksOfLiveRoom()", () => {
  it("gives every quality, codec and protocol, best level first, each URL once", () => {
    const links = linksOfLiveRoom(liveRoom);
    assertEquals(links.map((link) => [link.quality, link.codec, link.protocol, link.level]), [
      ["origin", "h264", "flv", 11],
      ["origin", "h264", "hls", 11],
      ["origin", "h265", "flv", 10],
      ["sd", "h264", "flv", 2],
      ["ao", "h264", "flv", 0],
    ]);
    assertEquals(links[0], {
      url: "https://p.example/x_or4.flv?expire=1800000000&sign=s",
      protocol: "flv",
      quality: "origin",
      codec: "h264",
      resolution: { width: 1920, height: 1080 },
      bitrateKbps: 3000,
      expiresAt: 1_800_000_000_000,
      level: 11,
    });
    assertEquals(Object.keys(links[4] ?? {}), ["url", "protocol", "quality", "codec", "level"]);
  });

  it("gives no links for a host who is not live", () => assertEquals(linksOfLiveRoom({ status: 4 }), []));

  it("reads the recorded page: seven qualities in each codec", (context) => {
    const file = new URL("../../../../shared/captures/live_page_state.json", import.meta.url);
    if (!existsSync(file)) {
      assert(process.env["CI"] !== "true", "the captures are missing");
      return context.skip("SKIPPED: ../shared/captures is not there");
    }
    const state = JSON.parse(readFileSync(file, "utf8"));
    const links = linksOfLiveRoom(state.LiveRoom.liveRoomUserInfo.liveRoom);
    const keys = ["ao", "hd", "hd_60", "ld", "origin", "sd", "uhd_60"];
    assertEquals([...new Set(links.map((link) => link.quality))].sort(), keys);
    const count = (codec: string, protocol: string) =>
      links.filter((link) => link.codec === codec && link.protocol === protocol && link.quality !== "ao").length;
    assertEquals([count("h264", "flv"), count("h264", "hls"), count("h265", "flv"), count("h265", "hls")], [
      6,
      6,
      6,
      6,
    ]);
    for (const link of links.filter((one) => one.quality !== "ao")) {
      assert(link.resolution !== undefined && (link.bitrateKbps ?? 0) >= 600);
      assertEquals(link.expiresAt, 1_753_344_214_000);
    }
    const best = bestStream(links);
    assertEquals([best?.quality, best?.codec, best?.protocol], ["origin", "h264", "flv"]);
  });
});

describe("linksOfStreamUrl()", () => {
  it("prefers live_core_sdk_data", () => {
    const links = linksOfStreamUrl({
      live_core_sdk_data: liveRoom.streamData,
      flv_pull_url: { HD1: "https://p.example/old.flv" },
    });
    assertEquals(links.map((link) => link.quality), ["origin", "origin", "sd", "ao"]);
  });
  it("falls back to the older maps, with their codecs", () => {
    const links = linksOfStreamUrl({
      flv_pull_url: {
        FULL_HD1: "https://p.example/f.flv",
        HD1: "https://p.example/h.flv",
        SD1: "https://p.example/s1.flv",
        SD2: "",
      },
      flv_pull_url_params: { HD1: `{"VCodec":"h265","resolution":"1280x720"}` },
      hls_pull_url_map: { HD1: "https://p.example/h.m3u8" },
      rtmp_pull_url: "https://p.example/f.flv",
    });
    assertEquals(links.map((link) => [link.quality, link.protocol, link.codec]), [
      ["uhd", "flv", ""],
      ["hd", "flv", "h265"],
      ["hd", "hls", ""],
      ["ld", "flv", ""],
    ]);
  });
  it("takes the single URLs when there is nothing else, and no rtmp", () => {
    assertEquals(
      linksOfStreamUrl({ rtmp_pull_url: "https://p.example/f.flv", hls_pull_url: "https://p.example/f.m3u8" }).length,
      2,
    );
    assertEquals(linksOfStreamUrl({ rtmp_pull_url: "rtmp://p.example/live/key", hls_pull_url: "" }), []);
  });
  it("gives links or nothing for any JSON", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      for (
        const shape of [value, { live_core_sdk_data: { pull_data: value } }, { flv_pull_url: value }, {
          streamData: value,
        }]
      ) {
        for (const link of [...linksOfStreamUrl(shape), ...linksOfLiveRoom(shape)]) assert(/^https?:/.test(link.url));
      }
    }));
  });
});

describe("bestStream()", () => {
  const link = (
    quality: string,
    codec: string,
    protocol: "flv" | "hls",
    level: number,
    bitrateKbps?: number,
  ): StreamLink => ({
    url: `https://p.example/${quality}_${codec}.${protocol}`,
    quality,
    codec,
    protocol,
    level,
    ...(bitrateKbps === undefined ? {} : { bitrateKbps }),
  });
  const links = [
    link("ao", "h264", "flv", 0),
    link("ld", "h264", "flv", 1),
    link("hd", "h264", "hls", 3),
    link("hd", "h264", "flv", 3),
    link("origin", "h265", "flv", 10),
    link("origin", "h264", "hls", 10),
  ];
  const chosen = (...args: Parameters<typeof bestStream>) => {
    const found = bestStream(...args);
    return found === undefined ? undefined : `${found.quality} ${found.codec} ${found.protocol}`;
  };

  it("takes the best H.264 picture over FLV", () => assertEquals(chosen(links), "hd h264 flv"));
  it("takes another protocol before another codec", () => {
    assertEquals(chosen(links.filter((one) => one.protocol === "hls" || one.codec === "h265")), "origin h264 hls");
  });
  it("takes what there is", () => {
    assertEquals(chosen([links[0], links[4]].filter((one) => one !== undefined)), "origin h265 flv");
    assertEquals(chosen(links.slice(0, 1)), "ao h264 flv");
    assertEquals(chosen([]), undefined);
  });
  it("follows preferences, also for sound only", () => {
    assertEquals(chosen(links, { qualities: ["ao"] }), "ao h264 flv");
    assertEquals(chosen(links, { qualities: ["uhd", "ld"] }), "ld h264 flv");
    assertEquals(chosen(links, { codecs: ["h265", "h264"] }), "origin h265 flv");
    assertEquals(chosen(links, { protocols: ["hls"] }), "origin h264 hls");
  });
  it("decides equal levels by bit rate, and leaves its input alone", () => {
    const two = [link("hd", "h264", "flv", 3, 1000), link("hd_60", "h264", "flv", 3, 2000)];
    const copy = structuredClone(two);
    assertEquals(chosen(two), "hd_60 h264 flv");
    assertEquals(two, copy);
  });
  it("never takes sound only while there is a picture, whatever the order", () => {
    fc.assert(fc.property(fc.shuffledSubarray(links, { minLength: 2 }), (some) => {
      assert(bestStream(some)?.quality !== "ao");
    }));
  });
});

describe("normaliseCodec() and expiryOf()", () => {
  it("know the spellings", () => {
    assertEquals(["H264", "h.264", "avc1.64001f"].map(normaliseCodec), ["h264", "h264", "h264"]);
    assertEquals(["hevc", "ByteVC1", "h265"].map(normaliseCodec), ["h265", "h265", "h265"]);
    assertEquals([normaliseCodec("AV1"), normaliseCodec(undefined)], ["av1", ""]);
  });
  it("read expire in seconds", () => {
    assertEquals(expiryOf("https://p.example/x?expire=1753344214&sign=a"), 1_753_344_214_000);
    assertEquals([expiryOf("https://p.example/x"), expiryOf("https://p.example/x?expire=soon"), expiryOf("")], [
      undefined,
      undefined,
      undefined,
    ]);
  });
});
