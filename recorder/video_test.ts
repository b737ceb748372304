import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import type { StreamLink } from "@roomtone/sdk";
import { nextLink, recordableLinks } from "./video.ts";

const link = (quality: string, level: number, rest: Partial<StreamLink> = {}): StreamLink => ({
  url: `https://cdn.example/${quality}.${rest.protocol ?? "flv"}?${rest.codec ?? ""}`,
  protocol: "flv",
  quality,
  codec: "h264",
  level,
  ...rest,
});
const LINKS = [
  link("ao", 0, { codec: "" }),
  link("sd", 2),
  link("origin", 10, { codec: "h265" }),
  link("hd", 3),
  link("origin", 10, { protocol: "hls" }),
  link("origin", 10),
];

describe("recordableLinks()", () => {
  it("keeps what ffmpeg can take, best first, sound alone last", () => {
    assertEquals(recordableLinks(LINKS, {}).map(({ quality }) => quality), ["origin", "hd", "sd", "ao"]);
    const wanted = recordableLinks(LINKS, { qualities: ["ao", "hd"] });
    assertEquals(wanted.map(({ quality }) => quality), ["ao", "hd", "origin", "sd"]);
    assertEquals(recordableLinks([], {}), []);
  });
});

describe("nextLink()", () => {
  it("goes to a lesser quality after three failures, and round again", () => {
    const links = recordableLinks([link("origin", 10), link("hd", 3)], {});
    const failures = new Map<string, number>();
    const tried = Array.from({ length: 9 }, () => {
      const quality = nextLink(links, failures)?.quality ?? "";
      failures.set(quality, (failures.get(quality) ?? 0) + 1);
      return quality;
    });
    assertEquals(tried.join(" "), "origin origin origin hd hd hd origin origin origin");
    assertEquals(nextLink([], failures), undefined);
  });
});
