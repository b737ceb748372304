import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import fc from "fast-check";
import { listedSegments, playlistEntry, playlistText, targetDurationS } from "./playlist.ts";
import type { ManifestPart, ManifestSegment } from "./types.ts";

const part = (index: number): ManifestPart => ({
  index,
  init: `init_000${index}.mp4`,
  reason: index === 0 ? "start" : "gap",
  startMs: index * 4000,
  codecs: { audio: "aac", video: "avc" },
  engine: "ffmpeg",
});
const segment = (index: number, inPart: number): ManifestSegment => ({
  index,
  part: inPart,
  uri: `segment_${index}.m4s`,
  startMs: index * 2000,
  startAt: Date.UTC(2026, 10, 21, 10, 31, 2 * index, 5),
  durationMs: 2000,
  bytes: 1,
  sha256: "",
});
const content = { parts: [part(0), part(1)], segments: [segment(0, 0), segment(1, 0), segment(2, 1)] };

describe("playlistText()", () => {
  it("maps wall time to media time, and begins each part with its own init file", () => {
    assertEquals(
      playlistText("VOD", content, 6),
      `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="init_0000.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:31:00.005Z
#EXTINF:2.000,
segment_0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:31:02.005Z
#EXTINF:2.000,
segment_1.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init_0001.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:31:04.005Z
#EXTINF:2.000,
segment_2.m4s
#EXT-X-ENDLIST
`,
    );
  });

  it("is what appending the entries one by one gives", () => {
    const [first, second] = content.parts;
    const entries = content.segments.map((one, index) =>
      playlistEntry(one, (one.part === 0 ? first : second) ?? part(0), content.segments[index - 1])
    );
    assertEquals(
      playlistText("EVENT", { parts: content.parts, segments: [] }, 6) + entries.join(""),
      playlistText("EVENT", content, 6),
    );
  });
});

describe("targetDurationS()", () => {
  it("holds the longest segment, rounded as players do", () => {
    assertEquals(targetDurationS([], 6000), 6);
    assertEquals(targetDurationS([{ durationMs: 6499 }, { durationMs: 8500 }], 6000), 9);
  });
});

describe("listedSegments()", () => {
  it("lists what stands behind a duration, up to a half-written line", () => {
    const text =
      '#EXTM3U\n#EXT-X-MAP:URI="0_init.mp4"\n#EXTINF:2.0,\n0_0.m4s\r\n#EXTINF:2.0,\n0_1.m4s\n#EXTINF:2.0,\n0_2.m';
    assertEquals(listedSegments(text), ["0_0.m4s", "0_1.m4s"]);
  });

  it("never lists more for a shorter text", () => {
    const text = playlistText("VOD", content, 6);
    fc.assert(fc.property(fc.nat(text.length), (length) => {
      const listed = listedSegments(text.slice(0, length));
      assertEquals(listed, content.segments.map(({ uri }) => uri).slice(0, listed.length));
    }));
  });
});
