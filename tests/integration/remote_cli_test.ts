/**
 * `roomtone --remote`, as a process, against a local system that wants keys, on the stand-in.
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  createKey,
  loadConfig,
  LocalConfig,
  type LocalSystem,
  openKeys,
  type Scope,
  startLocal,
} from "@roomtone/functions/local";
import { spawn } from "node:child_process";
import { getRandomValues } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { listen } from "../../functions/entry/local/server.ts";
import { bun } from "../../scripts/tools.mjs";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { SESSION_ID, SIGNER_KEY } from "../standin/call_routes.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

const PROGRAM = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const HOST = "some.host";
/** They follow 214 and 37, of whom a few are hidden. */
const FOLLOWING_MANY = "host1";
const FOLLOWING_FEW = "host22";
/** A place where no TikTok is: what is asked there cannot have been asked of an API. */
const NOWHERE = "http://127.0.0.1:9";

let dataDir: string;
let standin: Standin;
let system: LocalSystem;
let logger: CaptureLogger;
/** Is called when the system did something. */
let happened = () => {};
/** Keys by what they may do. */
let keys: Record<"all" | "lookup" | "few", string>;

interface Done {
  code: number | null;
  out: string[];
  err: string;
}

/** Runs one command line in a process of its own, on the runtime that the program names, with these settings only. */
function run(argv: string[], env: Record<string, string>, stdin = ""): Promise<Done> {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(bun(), [PROGRAM, ...argv], {
    cwd: dataDir,
    env: { PATH, HOME, NO_COLOR: "1", ...env },
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => out += text);
  child.stderr.setEncoding("utf8").on("data", (text: string) => err += text);
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const secrets = [SESSION_ID, ...Object.values(keys)];
      assert(!secrets.some((secret) => `${out}${err}`.includes(secret)), "no secret is printed");
      assert(!`${out}${err}`.includes("\x1b"), "there are no colours");
      resolve({ code, out: out.split("\n").filter((line) => line !== ""), err });
    });
  });
}

const nowhere = { ROOMTONE_TIKTOK_WEB_URL: NOWHERE, ROOMTONE_TIKTOK_WEBCAST_URL: NOWHERE };
const remote = (argv: string[], key: string | undefined = keys.all, stdin?: string) =>
  run(["--remote", system.url, ...argv], { ...nowhere, ...(key === "" ? {} : { ROOMTONE_KEY: key }) }, stdin);
/** The stand-in itself, with a session. */
const here = (argv: string[], env: Record<string, string> = {}) =>
  run(argv, {
    ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
    ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
    ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}`,
    ...env,
  });

/** Waits until a recording has its first segment: its events come all the time. */
async function videoOf(id: string): Promise<void> {
  while (((await system.store.getRecording(id))?.segments ?? 0) === 0) {
    await new Promise<void>((resolve) => happened = resolve);
  }
}

describe("roomtone --remote", { timeout: 240_000 }, () => {
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "roomtone-remote-"));
    standin = await startStandin({ seed: "remote" });
    await standin.prepareMedia();
    standin.room(HOST).startLive({ title: "Tea" });
    for (const name of ["idle.host", FOLLOWING_MANY, FOLLOWING_FEW]) standin.room(name);
    logger = new CaptureLogger();
    const config = loadConfig(LocalConfig, {
      ROOMTONE_HOST: "0.0.0.0",
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_POLL_TICK_MS: "600000",
      ROOMTONE_CLAIM_INTERVAL_MS: "100",
      ROOMTONE_LEASE_MS: "1500",
      ROOMTONE_FLUSH_MS: "300",
      ROOMTONE_SEGMENT_MS: "1000",
      ROOMTONE_SEND_MESSAGES: "true",
      ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}`,
      ROOMTONE_EULER_KEY: SIGNER_KEY,
      ROOMTONE_EULER_URL: standin.url,
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
      ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
    });
    const onLoopback: typeof listen = (app, address) => listen(app, { ...address, host: "127.0.0.1" });
    system = await startLocal(config, { logger, listen: onLoopback, observe: () => happened() });
    const store = await openKeys({ ROOMTONE_DATA_DIR: dataDir });
    const make = async (scopes: Scope[], requestsPerMinute?: number) =>
      (await createKey({ keys: store, now: Date.now(), random: (bytes) => getRandomValues(bytes) }, {
        ...{ name: "test", scopes, requestsPerMinute },
      })).secret;
    keys = {
      all: await make(["lookup", "read", "write"]),
      lookup: await make(["lookup"]),
      few: await make(["read"], 1),
    };
    store.close();
  });
  after(async () => {
    await system.stop();
    await standin.stop();
    await rm(dataDir, { recursive: true, maxRetries: 5 });
  });

  it("prints the look-ups of the API, in the form that it prints TikTok's own", async () => {
    for (
      const argv of [["prices"], ["gifts"], ["feed", "--pages", "2"], ["followings", FOLLOWING_MANY], [
        "followers",
        FOLLOWING_MANY,
      ]]
    ) {
      const [far, near] = await Promise.all([remote(argv), here(argv)]);
      // How many are watching changes all the time.
      const [there, nearby] = [far, near].map(({ out }) => out.map((line) => line.replace(/^ *\d+ {2}@/, "@")));
      assertEquals([far.code, there, far.err], [0, nearby, near.err], argv.join(" "));
      assert(far.out.length > (argv[1] === FOLLOWING_MANY ? 200 : 0), argv.join(" "));
    }
    const [far, near] = await Promise.all([
      remote(["links", "--json", HOST, "@idle.host"]),
      here(["links", "--json", HOST]),
    ]);
    const [live = {}, idle] = far.out.map((line) => JSON.parse(line));
    assertEquals(Object.keys(live).sort(), Object.keys(JSON.parse(near.out[0] ?? "")).sort());
    assertEquals([live.live, live.title, idle], [true, "Tea", { user: "idle.host", live: false }]);
    const user = JSON.parse((await remote(["user", HOST, "--json"])).out.join(""));
    assertEquals([user.username, user.secUid], [HOST, standin.room(HOST).host.secUid]);
  });

  it("tells about each name, and fails when one failed", async () => {
    const { code, out } = await remote(["links", HOST, "nobody.at.all"]);
    assertEquals([code, out.at(-1)?.startsWith("@nobody.at.all: not_found: ")], [1, true], out.join("\n"));
    const one = await remote(["links", "nobody.at.all", "--json"]);
    assertEquals([one.code, JSON.parse(one.out[0] ?? "{}").error?.code], [1, "not_found"]);
  });

  it("sends a message where the API may", async () => {
    assertEquals(await remote(["send", HOST, "hello", "there"]), {
      code: 0,
      out: [`said to @${HOST}: hello there`],
      err: "",
    });
    const local = await here(["send", HOST, "hi", "--json"], {
      ROOMTONE_EULER_KEY: SIGNER_KEY,
      ROOMTONE_EULER_URL: standin.url,
    });
    assertEquals([local.code, local.out], [0, [JSON.stringify({ user: HOST, text: "hi", sent: true })]], local.err);
    assertMatch((await here(["send", HOST, "hi"])).err, /signer/);
    assertEquals((await remote(["send", HOST])).code, 2);
  });

  it("changes and lists the watchlist", async () => {
    const add = await remote(["watch", "add", "@idle.host", "Other.Host"]);
    assertEquals([add.code, add.out], [0, ["+ @idle.host", "+ @other.host"]], add.err);
    assertEquals((await remote(["watch", "add", "idle.host"])).out, ["@idle.host is on the watchlist already"]);
    await remote(["watch", "add", "idle.host", "--priority=-2"]);
    assertEquals((await system.store.getWatch("idle.host"))?.priority, -2);
    assertEquals((await remote(["watch", "add", "idle.host", "--priority=9"])).code, 2);
    await remote(["watch", "add", "idle.host", "--quality", "hd"]);
    assertEquals((await system.store.getWatch("idle.host"))?.quality, "hd");
    assertEquals((await remote(["watch", "add", "idle.host", "--quality", "4k"])).code, 2);
    const paused = await remote(["watch", "pause", "idle.host", "nobody.here"]);
    assertEquals([paused.code, paused.out], [1, ["@idle.host is paused"]]);
    assertMatch(paused.err, /nobody\.here.*not there/);
    assertEquals((await remote(["watch", "ls"])).out[0]?.split("  "), [
      "@idle.host",
      "paused",
      "not checked yet",
      "hd",
    ]);
    assertEquals(await system.store.getWatch("nobody.here"), undefined);
    assertEquals((await remote(["watch", "resume", "idle.host"])).out, ["@idle.host is looked at again"]);
    assertEquals((await system.store.getWatch("idle.host"))?.paused, false);
    const listed = (await remote(["watch", "ls", "--json"])).out.map((line) => JSON.parse(line));
    assertEquals(listed.map(({ username, state }) => [username, state]), [["idle.host", "unknown"], [
      "other.host",
      "unknown",
    ]]);
    assertEquals(await system.store.getWatch("other.host").then((watch) => watch?.username), "other.host");
    const file = await remote(
      ["watch", "import", "--file", "-"],
      keys.all,
      "# mine\nthird.host\n\nidle.host\r\nno name\n",
    );
    assertEquals([file.code, file.out], [0, ["1 added, 1 were there already, 1 left out"]]);
    assertStringIncludes(file.err, `left out "no name"`);
    const { following } = standin.room(FOLLOWING_FEW).host;
    const shown = following - Math.floor(following / 20);
    const imported = await remote(["watch", "import", FOLLOWING_FEW, "--json"]);
    assertEquals([imported.code, JSON.parse(imported.out[0] ?? "{}").added], [0, shown], imported.err);
    assertEquals((await remote(["watch", "ls"])).out.length, shown + 3);
    assertEquals((await remote(["watch", "rm", "third.host", "gone.host"])).out, [
      "- @third.host",
      "@gone.host was not on the watchlist",
    ]);
  });

  it("starts a recording, follows its events, stops, shows and deletes it", async () => {
    const { roomId } = standin.room(HOST);
    const early = await remote(["recordings", "start", "idle.host", "--json"]);
    assertEquals([early.code, early.out, JSON.parse(early.err).code], [1, [], "offline"]);
    const started = await remote(["recordings", "start", HOST]);
    assertEquals([started.code, started.out[0]?.startsWith(`${roomId}  `), started.err], [0, true, ""]);
    assertStringIncludes((await remote(["recordings", "start", HOST])).err, "already");
    const following = remote(["recordings", "events", roomId, "--follow", "--json"]);
    await videoOf(roomId);
    assertEquals((await remote(["recordings", "rm", roomId])).err.split(":")[0], "conflict");
    assertEquals((await remote(["recordings", "start", HOST, "--quality", "4k"])).code, 2);
    assertStringIncludes(
      (await remote(["recordings", "start", HOST, "--quality", "sd"])).err,
      "goes over to that quality",
    );
    while ((await system.store.getRecording(roomId))?.recordedQuality !== "sd") {
      await new Promise<void>((resolve) => happened = resolve);
    }
    assertStringIncludes(
      (await remote(["recordings", "show", roomId])).out.join("\n"),
      "asked for in sd, recorded in sd",
    );
    const stopped = await remote(["recordings", "stop", roomId]);
    assertEquals([stopped.code, stopped.err.includes("asked to end it")], [0, true]);
    const { code, out, err } = await following;
    assertEquals([code, out.some((line) => JSON.parse(line).type === "connected")], [0, true]);
    assertStringIncludes(err, `${out.length} events; --after `);
    const chats = await remote(["recordings", "events", roomId, "--type", "chat", "--type", "gift"]);
    const wanted = out.map((line) => JSON.parse(line).type).filter((type) => type === "chat" || type === "gift");
    assertEquals(chats.out.map((line) => line.split(/ +/)[1]), wanted);
    const listed = await remote(["recordings", "ls", "--user", HOST, "--state", "finished"]);
    assertEquals([listed.out.length, listed.out[0]?.includes("  stopped  ")], [1, true], listed.out.join("\n"));
    assertStringIncludes(
      (await remote(["recordings", "show", roomId])).out.join("\n"),
      `playlist /recordings/${roomId}`,
    );
    const kept = await remote(["recordings", "keep", roomId, "--json"]);
    assertEquals([kept.code, JSON.parse(kept.out[0] ?? "{}").kept], [0, true], kept.err);
    assertEquals((await remote(["retention", "--dry-run"])).out, []);
    const plan = await remote(["retention", "--host", HOST, "--dry-run", "--json"]);
    assertEquals(plan.out.map((line) => JSON.parse(line).done), ["would go"], plan.err);
    assertEquals((await remote(["recordings", "rm", roomId])).out, [`- ${roomId}`]);
    const gone = await remote(["recordings", "show", roomId]);
    assertEquals([gone.code, gone.err.split(":")[0]], [1, "not_found"]);
  });

  it("tells what the API refuses: code, what was seen, what to do", async () => {
    const none = await remote(["watch", "ls"], "");
    assertEquals([none.code, none.out], [1, []]);
    assertMatch(none.err, /^unauthorized: .+\n {2}seen: {"status":401,.+\n {2}to do: .+\n$/);
    const forbidden = await remote(["watch", "ls", "--json"], keys.lookup);
    const { code, detail, remedy, evidence } = JSON.parse(forbidden.err);
    assertEquals([forbidden.code, code, evidence.status], [1, "forbidden", 403]);
    assert(detail !== "" && remedy !== "");
    assertEquals((await remote(["watch", "ls"], keys.few)).code, 0);
    const limited = await remote(["watch", "ls"], keys.few);
    assertEquals(limited.code, 1);
    assertMatch(limited.err, /^too_many_requests: [\s\S]+\n {2}again in: \d+ s\n$/);
    const wrong = await remote(["feed", "x"]);
    assertEquals([wrong.code, wrong.out], [2, []]);
  });

  it("says which commands run here, and refuses what does not fit", async () => {
    for (const command of ["live", "record", "key", "serve"]) {
      const { code, out, err } = await remote([command, HOST]);
      assertEquals([code, out, err.startsWith(`${command} runs on this machine only`)], [2, [], true], err);
    }
    const near = await here(["live", "nobody.at.all"], { ROOMTONE_REMOTE: system.url });
    assertEquals(near.code, 1);
    assertStringIncludes(near.err, "live runs on this machine, whatever ROOMTONE_REMOTE says");
    assertEquals((await remote(["gifts", HOST])).code, 2);
    assertEquals((await remote(["watch", "ls", "--dir", dataDir])).code, 2);
    assertEquals((await run(["watch", "ls", "--remote"], {})).code, 2);
    for (const url of ["http://api.example", "ftp://127.0.0.1", "https://name:word@api.example"]) {
      const { code, err } = await run(["watch", "ls"], { ROOMTONE_REMOTE: url, ROOMTONE_KEY: keys.all });
      assertEquals([code, err.startsWith("The API's address must")], [2, true], err);
    }
    const help = await run(["--help"], {});
    assertStringIncludes(help.out.join("\n"), "Exit codes: 0 done; 1 failed");
  });

  it("gives the key to no other address, and shows it in no log", async () => {
    const reached: string[] = [];
    const elsewhere = createServer((request, response) => {
      reached.push(request.url ?? "");
      response.writeHead(200, { "content-type": "application/json" }).end('{"gifts":[]}');
    });
    const door = createServer((_, response) => {
      const address = elsewhere.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      response.writeHead(308, { location: `http://127.0.0.1:${port}/api/gifts` }).end();
    });
    const open = async (server: typeof door) => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
    };
    await open(elsewhere);
    const { code, err } = await run(["gifts", `--remote=${await open(door)}`], { ROOMTONE_KEY: keys.all });
    for (const server of [door, elsewhere]) server.close();
    assertEquals([code, err.split(":")[0], reached], [1, "protocol", []]);
    const logged = JSON.stringify(logger.lines);
    assert(!Object.values(keys).some((key) => logged.includes(key)), "no key is in the server's log");
    const closed = await run(["gifts"], { ROOMTONE_REMOTE: NOWHERE });
    assertEquals([closed.code, closed.err.split(":")[0]], [1, "network"]);
  });

  it("works on the data folder without --remote, whether the system runs or not", async () => {
    const folder = (argv: string[]) => here([...argv, "--dir", dataDir]);
    assertEquals((await folder(["watch", "add", "near.host"])).out, ["+ @near.host"]);
    assertEquals((await folder(["watch", "pause", "near.host"])).out, ["@near.host is paused"]);
    assertEquals((await system.store.getWatch("near.host"))?.paused, true);
    assertEquals((await remote(["watch", "ls"])).out.filter((line) => line.startsWith("@near.host")).length, 1);
    const { roomId } = standin.room(HOST);
    const started = await folder(["recordings", "start", HOST]);
    assertEquals([started.code, started.out[0]?.startsWith(`${roomId}  `)], [0, true], started.err);
    await videoOf(roomId);
    assertEquals((await folder(["recordings", "stop", roomId])).code, 0);
    const followed = await folder(["recordings", "events", roomId, "--follow", "--json"]);
    assertEquals([followed.code, followed.out.length > 0], [0, true]);
    await writeFile(join(dataDir, "names.txt"), "from.file\n");
    assertEquals((await folder(["watch", "import", "--file", "names.txt"])).out, [
      "1 added, 0 were there already, 0 left out",
    ]);
    const imported = await folder(["watch", "import", FOLLOWING_FEW, "--limit", "5"]);
    assertEquals([imported.code, imported.out], [0, ["0 added, 5 were there already, 0 left out"]], imported.err);
    assertEquals((await folder(["recordings", "rm", roomId])).out, [`- ${roomId}`]);
    assertEquals((await remote(["recordings", "ls"])).out, []);
    const other = await here(["recordings", "ls", "--json"], { ROOMTONE_DATA_DIR: join(dataDir, "other") });
    assertEquals([other.code, other.out, other.err], [0, [], ""]);
  });
});
