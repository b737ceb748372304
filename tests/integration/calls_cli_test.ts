/**
 * `roomtone user`, `followings`, `gifts`, `prices` and `feed` against the stand-in.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { runCli } from "../../cli/cli.ts";
import { runCommandLine, standinEnv } from "../fakes/command_line.ts";
import { SESSION_ID, SIGNER_KEY } from "../standin/call_routes.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

let standin: Standin;

/** Runs one command line and keeps what it prints. */
async function run(argv: string[], env: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const { web, webcast, socket } = standin.baseUrls;
  const code = await runCli(argv, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    status: () => undefined,
    env: {
      ROOMTONE_TIKTOK_WEB_URL: web,
      ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: socket,
      ...env,
    },
    signal: new AbortController().signal,
    now: () => Date.now(),
  });
  return { code, out, err };
}

describe("the command line's look-ups", () => {
  before(async () => {
    standin = await startStandin({ media: false, seed: "calls-cli" });
    standin.room("some.host").startLive({ title: "Tea", rate: 0.001 });
  });
  after(() => standin.stop());

  it("user prints a user", async () => {
    const { code, out } = await run(["user", "@some.host"]);
    const { host } = standin.room("some.host");
    assertEquals(code, 0);
    assert(out[0]?.startsWith("@some.host  ") && out[0].includes(`${host.followers} followers`));
    const json = await run(["user", "some.host", "--json"]);
    assertEquals(JSON.parse(json.out.join("")).secUid, host.secUid);
    assertEquals((await run(["user", "nobody"])).code, 1);
    assertEquals((await run(["user"])).code, 2);
  });

  it("followings prints every user with a session or a key, and says so without", async () => {
    const { following } = standin.room("some.host").host;
    const shown = following - Math.floor(following / 20);
    const session = await run(["followings", "some.host"], { ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}` });
    assertEquals([session.code, session.out.length], [0, shown]);
    assertEquals(session.err, [`${shown} followings shown, ${following - shown} hidden`]);
    const env = { ROOMTONE_EULER_KEY: SIGNER_KEY, ROOMTONE_EULER_URL: standin.url };
    const signed = await run(["followers", "some.host", "--json"], env);
    assertEquals([signed.code, signed.out.length], [0, shown]);
    const none = await run(["followings", "some.host"]);
    assertEquals([none.code, none.out.length, none.err[0]?.startsWith("login_required")], [1, 0, true]);
  });

  it("followings makes a table, which spreadsheets cannot take for formulas", async () => {
    const { following } = standin.room("some.host").host;
    const shown = following - Math.floor(following / 20);
    const env = { ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}` };
    const { code, out } = await run(["followings", "some.host", "--csv"], env);
    assertEquals([code, out.length], [0, shown + 1]);
    assert(out[0]?.startsWith("of,username,nickname,id,sec_uid,verified,") && out.every((line) => line.endsWith("\r")));
    assert(out[1]?.startsWith("some.host,"));
    assertEquals((await run(["followings", "some.host", "--csv", "--json"], env)).code, 2);
  });

  it("followings that were cut tell where to go on, and go on there", async () => {
    const env = { ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}` };
    const whole = await run(["followings", "some.host", "--json"], env);
    let shown = 0;
    const cut = await runCommandLine(["followings", "some.host", "--json"], {
      env: { ...standinEnv(standin), ...env },
      onLine(line) {
        // The first of a page that is not the first of the list: the next page is refused.
        if (line.includes('"username"') && ++shown === 40) {
          standin.fault({ kind: "http", route: "user_list", reply: "rate_limited" });
        }
      },
    });
    standin.clearFaults();
    const { code, cursor } = JSON.parse(cut.err.at(-1) ?? "{}");
    assertEquals([cut.code, code], [1, "rate_limited"]);
    const rest = await run(["followings", "some.host", "--json", "--cursor", cursor], env);
    assertEquals([rest.code, [...cut.out, ...rest.out]], [0, whole.out]);
    assertEquals(rest.err, [`${rest.out.length} followings shown, an unknown number hidden`]);
    for (const argv of [["some.host", "other.host", "--cursor", "3"], ["some.host", "--cursor", "x"]]) {
      assertEquals((await run(["followings", ...argv], env)).code, 2);
    }
  });

  it("followings of several names tell whose they are", async () => {
    const env = { ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}` };
    standin.room("other.host");
    const { code, out, err } = await run(["followings", "some.host", "nobody", "other.host", "--json"], env);
    const lists = out.map((line) => JSON.parse(line));
    assertEquals([code, lists.filter(({ error }) => error !== undefined).map(({ user }) => user)], [1, ["nobody"]]);
    for (const name of ["some.host", "other.host"]) {
      const count = lists.filter(({ of }) => of === name).length;
      assert(count > 0 && err.some((line) => line.startsWith(`@${name}: ${count} followings shown`)), err.join());
    }
  });

  it("gifts prints the cheapest first", async () => {
    const { code, out } = await run(["gifts", "some.host"]);
    assertEquals([code, out[0], out.at(-1)], [0, "     1  9001  Tea Leaf", " 29999  9009  Whale Song"]);
  });

  it("prices prints what coins cost", async () => {
    const { code, out } = await run(["prices"]);
    assertEquals([code, out[0]], [0, "    70 coins      $1.05  EUR €1.05"]);
    assertEquals((await run(["prices", "x"])).code, 2);
  });

  it("feed prints lives", async () => {
    const { code, out } = await run(["feed", "--pages", "3", "--json"]);
    assertEquals([code, out.map((line) => JSON.parse(line).host.username)], [0, ["some.host"]]);
    assertEquals((await run(["feed", "--pages", "0"])).code, 2);
  });
});
