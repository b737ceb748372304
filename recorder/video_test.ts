import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import type { StreamLink } from "@roomtone/sdk";
import { kindOf, nextLink, recordableLinks } from "./video.ts";

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
  const kinds = (links: StreamLink[]): string[] => links.map(kindOf);

  it("ranks the codec that is asked for, then others, sound alone last, and each picture over FLV before HLS", () => {
    assertEquals(kinds(recordableLinks(LINKS, {})), [
      ...["origin h264 flv", "origin h264 hls", "hd h264 flv", "sd h264 flv", "origin h265 flv", "ao  flv"],
    ]);
    assertEquals(kinds(recordableLinks(LINKS, { codecs: ["h265"] })).slice(0, 3), [
      ...["origin h265 flv", "origin h264 flv", "origin h264 hls"],
    ]);
    const wanted = recordableLinks(LINKS, { qualities: ["ao", "hd"] });
    assertEquals(kinds(wanted).slice(0, 3), ["ao  flv", "hd h264 flv", "origin h264 flv"]);
    assertEquals(kinds(recordableLinks(LINKS, { protocols: ["hls"] }))[0], "origin h264 hls");
    assertEquals(recordableLinks([], {}), []);
  });
});

describe("nextLink()", () => {
  it("goes to others, one try each, after three failures of the best, and round again", () => {
    const links = recordableLinks([link("origin", 10), link("hd", 3)], {});
    const failures = new Map<string, number>();
    const tried = Array.from({ length: 9 }, () => {
      const next = nextLink(links, failures);
      const kind = next === undefined ? "" : kindOf(next);
      failures.set(kind, (failures.get(kind) ?? 0) + 1);
      return next?.quality;
    });
    assertEquals(tried.join(" "), "origin origin origin hd origin origin origin hd origin");
    assertEquals(nextLink([], failures), undefined);
  });
});
