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
  const kinds = (links: StreamLink[]): string[] => links.map((each) => kindOf(each).trim());

  it("keeps what can be recorded: best first in the codec that is asked for, then others, sound alone last", () => {
    assertEquals(kinds(recordableLinks(LINKS, {})), ["origin h264", "hd h264", "sd h264", "origin h265", "ao"]);
    assertEquals(kinds(recordableLinks(LINKS, { codecs: ["h265"] })).slice(0, 2), ["origin h265", "origin h264"]);
    const wanted = recordableLinks(LINKS, { qualities: ["ao", "hd"] });
    assertEquals(kinds(wanted), ["ao", "hd h264", "origin h264", "sd h264", "origin h265"]);
    assertEquals(recordableLinks([], {}), []);
  });
});

describe("nextLink()", () => {
  it("goes to a lesser quality after three failures, and round again", () => {
    const links = recordableLinks([link("origin", 10), link("hd", 3)], {});
    const failures = new Map<string, number>();
    const tried = Array.from({ length: 9 }, () => {
      const next = nextLink(links, failures);
      const kind = next === undefined ? "" : kindOf(next);
      failures.set(kind, (failures.get(kind) ?? 0) + 1);
      return next?.quality;
    });
    assertEquals(tried.join(" "), "origin origin origin hd hd hd origin origin origin");
    assertEquals(nextLink([], failures), undefined);
  });
});
