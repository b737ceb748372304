import { TikTok } from "@roomtone/sdk";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Standin, startStandin } from "../../../tests/standin/mod.ts";
import { AppError } from "../../contract/errors.ts";
import type { LiveLookup } from "../../ports/live_lookup.ts";
import { tiktokLookup } from "./tiktok_lookup.ts";

describe("tiktokLookup()", () => {
  let standin: Standin;
  let lookup: LiveLookup;
  beforeEach(async () => {
    standin = await startStandin({ media: false });
    lookup = tiktokLookup(new TikTok({ baseUrls: standin.baseUrls }));
  });
  afterEach(() => standin.stop());

  it("links() tells live, offline and refused hosts apart, in order", async () => {
    standin.room("host").startLive({ title: "hello" });
    standin.room("idle");
    standin.room("refused").fault({ kind: "http", route: "*", reply: "captcha_page" });
    const answers = await lookup.links(["idle", "nobody", "host", "refused"]);
    assertEquals(answers.map(({ username, state }) => [username, state]), [
      ["idle", "offline"],
      ["nobody", "failed"],
      ["host", "live"],
      ["refused", "failed"],
    ]);
    const [, nobody, host, refused] = answers;
    assert(host?.state === "live");
    assertEquals([host.roomId, host.title], [standin.room("host").lives[0]?.roomId, "hello"]);
    assert(host.links.some(({ protocol, codec }) => protocol === "flv" && codec === "h264"));
    assert(nobody?.state === "failed" && refused?.state === "failed");
    assertEquals([nobody.error.code, refused.error.code], ["not_found", "captcha"]);
    assert(refused.error.remedy !== undefined && refused.error.evidence["status"] === 200);
  });

  it("links() hands on how long a refusal asks to wait", async () => {
    standin.room("host").fault({ kind: "http", route: "*", reply: "rate_limited", retryAfterS: 7 });
    const [answer] = await lookup.links(["host"]);
    assert(answer?.state === "failed");
    assertEquals([answer.error.code, answer.error.retryAfterMs], ["rate_limited", 7_000]);
  });

  it("links() ends with the signal's reason", async () => {
    standin.room("host").fault({ kind: "http", route: "*", reply: "hang" });
    const giveUp = new AbortController();
    const asking = lookup.links(["host"], { signal: giveUp.signal });
    giveUp.abort(new Error("enough"));
    assertEquals(String(await assertRejects(() => asking)), "Error: enough");
  });

  it("alive() tells in one request which rooms are on air, and throws what a refusal is called", async () => {
    const [on = "", over = ""] = ["host", "other"].map((name) => standin.room(name).startLive().roomId);
    standin.room("other").fault({ kind: "offline" });
    const alive = await lookup.alive([on, over, "7399"]);
    assertEquals([alive.get(on), alive.get(over), alive.get("7399") ?? false], [true, false, false]);
    standin.room("host").fault({ kind: "http", route: "*", reply: "rate_limited", retryAfterS: 7 });
    const error = await assertRejects(() => lookup.alive([on]));
    assertInstanceOf(error, AppError);
    assertEquals([error.code, error.retryAfterMs], ["rate_limited", 7_000]);
  });

  it("userInfo() reads a profile, and whether its room is on air", async () => {
    const room = standin.room("host");
    const before = await lookup.userInfo("host");
    assertEquals([before.username, before.live], ["host", false]);
    assert(/^\d+$/.test(before.id) && before.secUid !== "" && before.nickname !== "");
    room.startLive();
    const during = await lookup.userInfo("host");
    assertEquals([during.roomId, during.live], [room.lives[0]?.roomId, true]);
    standin.fault({ kind: "http", route: "check_alive", reply: "captcha_page" });
    assertEquals((await lookup.userInfo("host")).live, null);
  });

  it("userInfo() fails by the code of the failure", async () => {
    const error = await assertRejects(() => lookup.userInfo("nobody"));
    assertInstanceOf(error, AppError);
    assertEquals(error.code, "not_found");
  });
});
