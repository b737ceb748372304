import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { chooseVariant, type HlsMedia, parseHls } from "./hls_playlist.ts";

const BASE = "https://pull.tiktokcdn.com/stage/stream-1/index.m3u8?sign=a";

function media(...lines: string[]): HlsMedia {
  const playlist = parseHls(["#EXTM3U", ...lines].join("\n"), BASE);
  if (playlist?.kind !== "media") throw new Error("it is no media playlist");
  return playlist;
}

describe("parseHls()", () => {
  it("reads segments with their numbers, lengths and addresses", () => {
    const text = [
      ...["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:4", "#EXT-X-MEDIA-SEQUENCE:4711", "# a remark"],
      ...["#EXTINF:3.96,a title", "a.ts?sign=b", "", "#EXT-X-DISCONTINUITY", "#EXTINF:4,", "/b/c.ts"],
      ...["#EXT-X-GAP", "#EXTINF:2.0,", "https://other.tiktokcdn.com/d.ts", "#EXT-X-ENDLIST"],
    ].join("\r\n");
    const flags = { discontinuity: false, missing: false };
    const host = "https://pull.tiktokcdn.com";
    assertEquals(parseHls(text, BASE), {
      kind: "media",
      targetMs: 4000,
      ended: true,
      unsupported: undefined,
      segments: [
        { sequence: 4711, url: `${host}/stage/stream-1/a.ts?sign=b`, durationMs: 3960, ...flags },
        { sequence: 4712, url: `${host}/b/c.ts`, durationMs: 4000, ...flags, discontinuity: true },
        { sequence: 4713, url: "https://other.tiktokcdn.com/d.ts", durationMs: 2000, ...flags, missing: true },
      ],
    });
  });

  it("tells what cannot be read", () => {
    assert(media('#EXT-X-KEY:METHOD=AES-128,URI="k"', "#EXTINF:2,", "a.ts").unsupported?.includes("encrypted"));
    assert(media('#EXT-X-MAP:URI="init.mp4"', "#EXTINF:2,", "a.m4s").unsupported?.includes("transport streams"));
    assert(media("#EXTINF:2,", "#EXT-X-BYTERANGE:10@0", "a.ts").unsupported?.includes("parts of files"));
    assertEquals(media("#EXT-X-KEY:METHOD=NONE", "#EXTINF:2,", "a.ts").unsupported, undefined);
  });

  it("takes the longest segment where no target is told, and no length that makes no sense", () => {
    assertEquals(media("#EXTINF:2,", "a.ts", "#EXTINF:5,", "b.ts").targetMs, 5000);
    assertEquals(media("#EXTINF:-2,", "a.ts", "#EXTINF:1e9,", "b.ts", "#EXTINF:x,", "c.ts", "d.ts").segments, []);
  });

  it("refuses what is no playlist", () => {
    for (const text of ["", "<html>", "EXTM3U", '{"a":1}']) assertEquals(parseHls(text, BASE), undefined);
  });

  it("chooses the largest variant in the link's codec, never one in another", () => {
    const playlist = parseHls(
      [
        ...["#EXTM3U", '#EXT-X-STREAM-INF:BANDWIDTH=100,CODECS="avc1.42c01e,mp4a.40.2"', "low.m3u8"],
        ...['#EXT-X-STREAM-INF:CODECS="avc1.640028,mp4a.40.2",BANDWIDTH=300,RESOLUTION=1280x720', "high.m3u8"],
        ...['#EXT-X-STREAM-INF:BANDWIDTH=900,CODECS="hvc1.1.6.L93.B0,mp4a.40.2"', "hevc.m3u8"],
      ].join("\n"),
      BASE,
    );
    const variants = playlist?.kind === "master" ? playlist.variants : [];
    const nameOf = (codec: string) => chooseVariant(variants, codec)?.url.split("/").at(-1);
    assertEquals([nameOf("h264"), nameOf("h265"), nameOf("")], ["high.m3u8", "hevc.m3u8", "hevc.m3u8"]);
    assertEquals(chooseVariant(variants.slice(0, 2), "h265"), undefined);
    const silent = [{ url: "https://a.example/x", bandwidth: 1, codecs: [] }];
    assertEquals(chooseVariant(silent, "h265"), silent[0]);
  });

  it("reads back any playlist that is written by the rules", () => {
    const segment = fc.record({
      name: fc.stringMatching(/^[a-z0-9_-]{1,12}\.ts$/),
      durationMs: fc.integer({ min: 1, max: 20_000 }),
      discontinuity: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.nat(1_000_000_000), fc.array(segment, { maxLength: 20 }), fc.boolean(), (first, all, ended) => {
        const playlist = media(
          `#EXT-X-MEDIA-SEQUENCE:${first}`,
          ...all.flatMap(({ name, durationMs, discontinuity }) => [
            ...(discontinuity ? ["#EXT-X-DISCONTINUITY"] : []),
            `#EXTINF:${(durationMs / 1000).toFixed(3)},`,
            name,
          ]),
          ...(ended ? ["#EXT-X-ENDLIST"] : []),
        );
        assertEquals(playlist.ended, ended);
        const read = playlist.segments.map(({ sequence, url, durationMs, discontinuity }) => {
          return { sequence, name: url.split("/").at(-1), durationMs, discontinuity };
        });
        assertEquals(read, all.map((each, index) => ({ sequence: first + index, ...each })));
      }),
    );
  });

  it("never throws, and gives out numbers that rise by one and lengths within bounds, whatever it reads", () => {
    const line = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.constantFrom("#EXTM3U", "#EXT-X-ENDLIST", "#EXT-X-DISCONTINUITY", "#EXT-X-GAP", "a.ts", "http://[", "\\\\x"),
      fc.tuple(
        fc.constantFrom(
          "#EXTINF:",
          "#EXT-X-MEDIA-SEQUENCE:",
          "#EXT-X-TARGETDURATION:",
          "#EXT-X-KEY:",
          "#EXT-X-STREAM-INF:",
        ),
        fc.oneof(fc.string(), fc.float().map(String), fc.bigInt().map(String)),
      )
        .map(([tag, value]) => tag + value),
    );
    fc.assert(fc.property(fc.array(line), (lines) => {
      const playlist = parseHls(["#EXTM3U", ...lines].join("\n"), BASE);
      if (playlist?.kind !== "media") return;
      const { segments, targetMs } = playlist;
      assert(targetMs >= 0 && targetMs <= 600_000);
      segments.forEach(({ sequence, durationMs }, index) => {
        assertEquals(sequence, (segments[0]?.sequence ?? 0) + index);
        assert(Number.isSafeInteger(sequence) && durationMs >= 0 && durationMs <= 600_000);
      });
    }));
  });
});
