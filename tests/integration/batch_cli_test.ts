/**
 * Names from files and from standard input, for the commands that take several.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runCommandLine, standinEnv } from "../fakes/command_line.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

const NAMES = `\ufeff# mine
@some.host
   https://www.tiktok.com/@Other.Host/live?lang=en  # a friend

no such name
nobody.at.all\r
SOME.HOST`;

describe("names from a file", () => {
  let standin: Standin;
  let dir: string;
  let file: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-batch-"));
    file = join(dir, "names.txt");
    await writeFile(file, NAMES);
    standin = await startStandin({ media: false, seed: "batch-cli" });
    standin.room("some.host").startLive({ title: "Tea", rate: 0.001 });
    standin.room("other.host");
  });
  after(async () => {
    await standin.stop();
    await rm(dir, { recursive: true });
  });

  const run = (argv: string[], input?: string) =>
    runCommandLine(argv, { input, env: { ...standinEnv(standin), ROOMTONE_DATA_DIR: join(dir, "data") } });

  it("links looks every name up once, names a wrong line by its number, and fails for what failed", async () => {
    const { code, out, err } = await run(["links", "--from", file]);
    const hosts = out.filter((line) => line.startsWith("@"));
    assertEquals([code, hosts.map((line) => line.split(/[ :]/)[0])], [1, [
      "@some.host",
      "@other.host",
      "@nobody.at.all",
    ]]);
    assert(hosts[1] === "@other.host is not live" && hosts[2]?.startsWith("@nobody.at.all: not_found: "));
    assert(err[0]?.startsWith(`${file}:5: "no such name": invalid_input: `), err.join("\n"));
    assert(err.some((line) => line.startsWith("  to do: ")));
  });

  it("links reads standard input, and prints wrong lines as JSON among the rest", async () => {
    const { code, out, err } = await run(["links", "other.host", "--from", "-", "--json"], NAMES);
    const lines = out.map((line) => JSON.parse(line));
    assertEquals([code, err, lines.map(({ user, at, live, error }) => [user, at, live, error?.code])], [1, [], [
      ["no such name", "standard input:5", undefined, "invalid_input"],
      ["other.host", undefined, false, undefined],
      ["some.host", undefined, true, undefined],
      ["nobody.at.all", undefined, undefined, "not_found"],
    ]]);
    assertEquals((await run(["links", "--from", "-", "--json"], "some.host\n")).code, 0);
  });

  it("user goes on behind a name that failed", async () => {
    const json = await run(["user", "nobody.at.all", "some.host", "--json"]);
    const [failed, found] = json.out.map((line) => JSON.parse(line));
    assertEquals([json.code, failed.user, failed.error.code, found.username], [
      1,
      "nobody.at.all",
      "not_found",
      "some.host",
    ]);
    const { code, out, err } = await run(["user", "--from", file]);
    assertEquals([code, out.filter((line) => line.startsWith("@")).length], [1, 2]);
    assert(err.some((line) => line.startsWith("@nobody.at.all: not_found: ")));
  });

  it("live listens to several names, tells whose each event is, and goes on where one fails", async () => {
    const stop = new AbortController();
    standin.room("third.host").startLive({ rate: 5 });
    const seen = new Set<string>();
    const argv = ["live", "some.host", "third.host", "other.host", "--json"];
    const { code, out } = await runCommandLine(argv, {
      env: standinEnv(standin),
      signal: stop.signal,
      onLine(line) {
        const { host, type, user, error } = JSON.parse(line);
        if (type === "connected") seen.add(host);
        if (error !== undefined) seen.add(`${user} ${error.code}`);
        if (seen.size === 3) stop.abort(new Error("Ctrl-C"));
      },
    });
    assertEquals([code, [...seen].sort()], [130, ["other.host offline", "some.host", "third.host"]]);
    assert(out.length > 3);
    const failed = await run(["live", "other.host", "nobody.at.all", "--plain"]);
    assertEquals([
      failed.code,
      failed.err.filter((line) => line.startsWith("@")).map((line) => line.split(":")[0]).sort(),
    ], [
      1,
      ["@nobody.at.all", "@other.host"],
    ]);
    assertEquals((await run(["live", "some.host", "other.host", "--record", join(dir, "f")])).code, 2);
  });

  it("watch adds and removes the names of a file", async () => {
    const added = await run(["watch", "add", "--from", file]);
    assertEquals([added.code, added.out], [1, ["+ @some.host", "+ @other.host", "+ @nobody.at.all"]]);
    assert(added.err[0]?.startsWith(`${file}:5: `));
    const removed = await run(["watch", "rm", "--from", "-", "--json"], "some.host\nother.host\n");
    assertEquals([removed.code, removed.out.map((line) => JSON.parse(line).removed)], [0, [true, true]]);
    assertEquals((await run(["watch", "ls", "--from", file])).code, 2);
    const imported = await run(["watch", "import", "--file", file]);
    assertEquals([imported.code, imported.out], [0, ["2 added, 1 were there already, 2 left out"]]);
    assert(imported.err[0]?.startsWith(`left out "no such name" (${file}:5): `), imported.err.join());
  });

  it("says so when there is no name, no file, or no input", async () => {
    const empty = await run(["links", "--from", "-"], "\n# nobody\n");
    assertEquals([empty.code, empty.err[0]?.split("\n")[0]], [2, "there is no name in -"]);
    const missing = await run(["user", "--from", join(dir, "none.txt")]);
    assertEquals(missing.code, 1);
    assertEquals(missing.err[0], `ENOENT: Cannot open ${join(dir, "none.txt")}: there is no such file or folder`);
    assert(missing.err.some((line) => line.startsWith("  to do: Check the path")));
    assertEquals((await run(["links", "--from", "-"])).code, 2);
    assertEquals((await run(["links", "no name"])).err[0]?.startsWith("invalid_input: "), true);
  });
});
