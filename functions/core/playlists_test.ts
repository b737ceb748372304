import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { addSegments, cutPlaylist, dropSegments, initsOf, isClosed, joinPlaylists } from "./playlists.ts";

const part = (target: number, ...segments: string[]) =>
  [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${target}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXT-X-PLAYLIST-TYPE:EVENT",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    '#EXT-X-MAP:URI="init.mp4",BYTERANGE="10@0"',
    ...segments.flatMap((segment) => ["#EXT-X-PROGRAM-DATE-TIME:2025-10-09T08:53:20.000Z", "#EXTINF:6.000,", segment]),
    "#EXT-X-ENDLIST",
    "",
  ].join("\r\n");

describe("joinPlaylists()", () => {
  it("plays part after part, each with its own head, and closes what is finished", () => {
    const parts = [{ text: part(6, "a.m4s", "b.m4s"), base: "parts/1/" }, { text: part(8, "a.m4s"), base: "parts/3/" }];
    const head = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:8", "#EXT-X-MEDIA-SEQUENCE:0"];
    const date = "#EXT-X-PROGRAM-DATE-TIME:2025-10-09T08:53:20.000Z";
    const body = [
      "#EXT-X-INDEPENDENT-SEGMENTS",
      '#EXT-X-MAP:URI="parts/1/init.mp4",BYTERANGE="10@0"',
      ...[date, "#EXTINF:6.000,", "parts/1/a.m4s"],
      ...[date, "#EXTINF:6.000,", "parts/1/b.m4s"],
      "#EXT-X-DISCONTINUITY",
      '#EXT-X-MAP:URI="parts/3/init.mp4",BYTERANGE="10@0"',
      ...[date, "#EXTINF:6.000,", "parts/3/a.m4s"],
    ];
    assertEquals(
      joinPlaylists(parts, true),
      [...head, "#EXT-X-PLAYLIST-TYPE:VOD", ...body, "#EXT-X-ENDLIST", ""].join("\n"),
    );
    assertEquals(joinPlaylists(parts, false), [...head, "#EXT-X-PLAYLIST-TYPE:EVENT", ...body, ""].join("\n"));
  });
});

describe("cutPlaylist()", () => {
  const head = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
  const init = (name: string) => `#EXT-X-MAP:URI="${name}"\n`;
  const segment = (name: string) => `#EXTINF:6.000,\n${name}\n`;
  const first = head + init("a.mp4") + segment("0.m4s");
  const text = `${first}${segment("1.m4s")}#EXT-X-DISCONTINUITY\n${init("b.mp4")}${segment("2.m4s")}#EXT-X-ENDLIST\n`;
  const without = (...away: string[]) => cutPlaylist(text, (name) => !away.includes(name));

  it("ends with the last segment before one that is not there", () => {
    assertEquals(without("1.m4s"), first);
    assertEquals(without("2.m4s"), first + segment("1.m4s"));
    assertEquals(without(), text.replace("#EXT-X-ENDLIST\n", ""));
  });

  it("needs the init segments of what it plays", () => {
    assertEquals(without("b.mp4"), first + segment("1.m4s"));
    assertEquals(initsOf(text), ["a.mp4", "b.mp4"]);
  });

  it("is none where there is nothing to play", () => {
    assertEquals([without("a.mp4"), without("0.m4s"), cutPlaylist("", () => true)], [undefined, undefined, undefined]);
  });

  it("leaves out a line that is half written", () => {
    assertEquals(cutPlaylist(`${first}#EXTINF:6.000,\n1.m`, () => true), first);
  });
});

describe("addSegments()", () => {
  const text = '#EXTM3U\n#EXT-X-MAP:URI="a.mp4"\n#EXTINF:6.000,\n0.m4s\n';
  const segment = (index: number) => ({ uri: `${index}.m4s`, startAt: index * 6_000, durationMs: 5_960 });

  it("names what was stored after the playlist was written, and no segment twice", () => {
    assertEquals(
      addSegments(text, [0, 1].map(segment)),
      `${text}#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:06.000Z\n#EXTINF:5.960,\n1.m4s\n`,
    );
    assertEquals(addSegments(text, [segment(0)]), text);
  });

  it("isClosed() tells a playlist that has its end", () => {
    assertEquals([isClosed(text), isClosed(`${text}#EXT-X-ENDLIST\n`)], [false, true]);
  });
});

describe("dropSegments()", () => {
  const head = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
  const a = '#EXT-X-MAP:URI="a.mp4"\n';
  const b = '#EXT-X-MAP:URI="b.mp4"\n';
  const segment = (index: number) =>
    `#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:${index}0.000Z\n#EXTINF:6.000,\n${index}.m4s\n`;
  const jump = "#EXT-X-DISCONTINUITY\n";
  const end = "#EXT-X-ENDLIST\n";
  const text = head + a + segment(0) + segment(1) + segment(2) + jump + b + segment(3) + segment(4) + end;
  const without = (...indices: number[]) =>
    dropSegments(text, (name) => indices.some((each) => name === `${each}.m4s`));

  it("leaves a playlist without damage as it is", () => {
    assertEquals([without(), dropSegments("", () => true)], [text, ""]);
  });

  it("passes over what is left out by one discontinuity", () => {
    assertEquals(without(1), head + a + segment(0) + jump + segment(2) + jump + b + segment(3) + segment(4) + end);
    assertEquals(without(1, 2), head + a + segment(0) + jump + b + segment(3) + segment(4) + end);
  });

  it("what comes behind keeps its init segment", () => {
    assertEquals(without(0), head + a + segment(1) + segment(2) + jump + b + segment(3) + segment(4) + end);
    assertEquals(without(3), head + a + segment(0) + segment(1) + segment(2) + jump + b + segment(4) + end);
    assertEquals(without(0, 1, 2, 3), head + b + segment(4) + end);
  });

  it("ends where nothing follows", () => {
    assertEquals(without(3, 4), head + a + segment(0) + segment(1) + segment(2) + end);
    assertEquals(without(0, 1, 2, 3, 4), head + end);
  });
});
