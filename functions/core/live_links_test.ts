import type { StreamLink } from "@roomtone/sdk";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { beforeEach, describe, it } from "node:test";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { AppError } from "../contract/errors.ts";
import type { LinkReply } from "../contract/schemas.ts";
import { liveLinks } from "./live_links.ts";

const link = (quality: string, protocol: "flv" | "hls", codec: string, level: number): StreamLink => ({
  url: `https://pull.example.com/${quality}.${protocol}?codec=${codec}`,
  quality,
  protocol,
  codec,
  level,
});
const LINKS = [
  link("origin", "flv", "h265", 10),
  link("hd", "flv", "h264", 3),
  link("hd", "hls", "h264", 3),
  link("sd", "flv", "h264", 2),
];

describe("liveLinks()", () => {
  let lookup: FakeLookup;
  let clock: ManualClock;
  beforeEach(() => {
    lookup = new FakeLookup();
    clock = new ManualClock();
    lookup.live("host", "7300000000000000001", LINKS);
    lookup.offline("idle");
    lookup.fails("refused", "captcha");
  });
  const ask = (usernames: string[], prefer = {}) => liveLinks({ lookup, clock }, { usernames, prefer });
  const askMany = async (usernames: string[]): Promise<LinkReply[]> => {
    const reply = await ask(usernames);
    assert(Array.isArray(reply));
    return reply;
  };
  const bestOf = async (prefer: object) => {
    const reply = await ask(["host"], prefer);
    assert(!Array.isArray(reply) && "live_stream_link" in reply);
    return reply.live_stream_link;
  };

  it("answers one live host with the best H.264 FLV, first in the seed's fields", async () => {
    const reply = await ask(["@Host"]);
    assert(
      JSON.stringify(reply).startsWith(
        '{"user":"host","live_stream_link":"https://pull.example.com/hd.flv?codec=h264",',
      ),
    );
    assert(!Array.isArray(reply) && reply.code === "live");
    assertEquals([reply.room_id, reply.title, reply.links?.length], ["7300000000000000001", "live of host", 4]);
  });

  it("answers one host who is not live without failing", async () => {
    assertEquals(await ask(["idle"]), { error: "User is not live", user: "idle", code: "offline" });
  });

  it("chooses the link by quality, protocol and codec", async () => {
    assertEquals(await bestOf({ qualities: ["sd"] }), LINKS[3]?.url);
    assertEquals(await bestOf({ protocols: ["hls"] }), LINKS[2]?.url);
    assertEquals(await bestOf({ codecs: ["h265"] }), LINKS[0]?.url);
    assertEquals(await bestOf({ qualities: undefined, protocols: undefined, codecs: undefined }), LINKS[1]?.url);
  });

  it("says so when a live has no stream", async () => {
    lookup.live("silent", "7300000000000000002");
    const reply = await ask(["silent"]);
    assert(!Array.isArray(reply) && !("live_stream_link" in reply));
    assertEquals([reply.code, reply.error], ["live", "User is live, but TikTok offers no stream"]);
  });

  it("throws the failure of the only name, with the name beside it", async () => {
    for (const [name, user, code] of [["refused", "refused", "captcha"], ["../etc", "../etc", "invalid_input"]]) {
      const error = await assertRejects(() => ask([name ?? ""]));
      assertInstanceOf(error, AppError);
      assertEquals(error.code, code);
      assertEquals(error.fields, { user });
    }
  });

  it("answers several in the order asked, each in its own way; one failure spoils nothing", async () => {
    const asked = ["idle", "https://www.tiktok.com/@host/live?x=1", "no/name", "refused", "nobody", "HOST"];
    const replies = await askMany(asked);
    assertEquals(replies.map(({ user }) => user), ["idle", "host", "no/name", "refused", "nobody", "host"]);
    assertEquals(replies.map(({ code }) => code), ["offline", "live", "invalid_input", "captcha", "not_found", "live"]);
    assert(replies.every((reply) => ("error" in reply) !== ("live_stream_link" in reply)));
  });

  it("takes 50 names with failures of every kind, asking for each name once", async () => {
    const names = Array.from({ length: 50 }, (_, i) => `h${i % 25}`);
    for (let i = 0; i < 25; i++) {
      if (i % 5 === 0) lookup.answers.set(`h${i}`, () => Promise.reject(new TypeError("broken")));
      else if (i % 5 === 1) lookup.fails(`h${i}`, "rate_limited", 1_500);
      else if (i % 5 === 2) lookup.live(`h${i}`, `${i}`, LINKS);
      else lookup.offline(`h${i}`);
    }
    const replies = await askMany(names);
    assertEquals(replies.map(({ user }) => user), names);
    const codes = ["internal", "rate_limited", "live", "offline", "offline"];
    assertEquals(replies.map(({ code }) => code), names.map((_, i) => codes[(i % 25) % 5]));
    assertEquals(replies.find((reply) => reply.code === "rate_limited"), {
      error: "Look up h1: rate_limited",
      user: "h1",
      code: "rate_limited",
      remedy: "Wait",
      retry_after: 2,
    });
    assertEquals(lookup.asked.flat().sort(), [...new Set(names)].sort());
  });

  it("asks for eight names at a time", async () => {
    let asking = 0;
    let most = 0;
    const names = Array.from({ length: 50 }, (_, i) => `h${i}`);
    for (const username of names) {
      lookup.answers.set(username, async () => {
        most = Math.max(most, ++asking);
        await clock.sleep(10);
        asking--;
        return { username, state: "offline" };
      });
    }
    const replies = askMany(names);
    for (let round = 0; round < 7; round++) await clock.advance(10);
    assertEquals([(await replies).length, most, asking], [50, 8, 0]);
  });

  it("does not wait for late names", async () => {
    lookup.answers.set("late", () => new Promise(() => {}));
    const asking = askMany(["late", "host"]);
    await clock.advance(20_000);
    assertEquals((await asking).map(({ code }) => code), ["deadline", "live"]);
    assertEquals(clock.sleeping(), 0);
  });

  it("leaves no timer behind", async () => {
    await ask(["host"]);
    assertEquals(clock.sleeping(), 0);
  });
});
