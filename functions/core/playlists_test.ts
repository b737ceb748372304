import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { joinPlaylists } from "./playlists.ts";

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
