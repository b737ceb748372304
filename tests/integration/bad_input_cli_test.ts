/**
 * What each command says of bad input, of files that it cannot use, and of servers that are away: what happened, what was
 * seen, what to do; and the exit code.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { COMMANDS } from "../../cli/commands.ts";
import { runCommandLine } from "../fakes/command_line.ts";

const NOWHERE = "127.0.0.1:1";

describe("a command line that goes wrong", () => {
  let dir: string;
  let file: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-bad-"));
    file = join(dir, "file");
    await writeFile(file, "no such name\n");
  });
  after(() => rm(dir, { recursive: true, maxRetries: 5 }));

  const run = (argv: string[], env: Record<string, string> = {}) =>
    runCommandLine(argv, {
      env: {
        ROOMTONE_DATA_DIR: join(dir, "data"),
        ROOMTONE_TIKTOK_WEB_URL: `http://${NOWHERE}`,
        ROOMTONE_TIKTOK_WEBCAST_URL: `http://${NOWHERE}`,
        ROOMTONE_TIKTOK_SOCKET_URL: `ws://${NOWHERE}`,
        ROOMTONE_TIKTOK_TTWID_URL: `http://${NOWHERE}`,
        ...env,
      },
    });

  /** Fails with this code, and says what to do; with --json in one object. */
  async function fails(argv: string[], code: string, env: Record<string, string> = {}): Promise<void> {
    const words = argv.join(" ");
    const people = await run(argv, env);
    assertEquals([people.code, people.err[0]?.split(":")[0]], [1, code], `${words}\n${people.err.join("\n")}`);
    assert(people.err.some((line) => line.startsWith("  to do: ")), words);
    const machines = await run([...argv, "--json"], env);
    const { code: told, detail, remedy } = JSON.parse(machines.err.at(-1) ?? "{}");
    assertEquals([machines.code, told], [1, code], words);
    assert(detail !== "" && remedy !== "", words);
  }

  it("names an option that there is not, and shows the command's help", async () => {
    for (const name of Object.keys(COMMANDS)) {
      const { code, out, err } = await run([name, "--no-such-option"]);
      assertEquals([code, out], [2, []], name);
      assert(err.join("\n").includes("--no-such-option") && err.join("\n").includes(`roomtone ${name}`), name);
    }
  });

  it("says that a name, an id or a verb is missing, or one too many", async () => {
    for (
      const argv of [
        ...[
          "live",
          "record",
          "links",
          "user",
          "followings",
          "followers",
          "send",
          "watch",
          "recordings",
          "alerts",
          "key",
        ]
          .map((name) => [name]),
        ...[["repair"], ["replay"], ["send", "some.host"], ["watch", "add"], ["watch", "import"], ["key", "rm"]],
        ...[["recordings", "show"], ["alerts", "resend"], ["gifts", "one", "two"], ["doctor", "one", "two"]],
        ...[["replay", "one", "two"], ["feed", "one"], ["prices", "one"], ["watch", "ls", "one"]],
      ]
    ) {
      const { code, out, err } = await run(argv);
      assertEquals([code, out], [2, []], argv.join(" "));
      assert(err.join("\n").includes(`roomtone ${argv[0]}`), argv.join(" "));
    }
  });

  it("says which file it cannot read, and why", async () => {
    const none = join(dir, "none");
    for (const argv of [["links", "--from", none], ["replay", none], ["watch", "import", "--file", none]]) {
      await fails(argv, "ENOENT");
    }
    for (const argv of [["links", "--from", dir], ["replay", dir]]) {
      await fails(argv, "EISDIR");
      assert((await run(argv)).err[0]?.includes(dir), argv[0]);
    }
    await fails(["replay", file], "protocol");
    const short = join(dir, "short");
    await writeFile(short, "x\n");
    await fails(["replay", short], "invalid_input");
    await fails(["repair", dir], "not_a_recording");
  });

  it("says where it cannot write, and why", async () => {
    const below = join(file, "below");
    await fails(["live", "some.host", "--record", join(dir, "none", "frames")], "ENOENT");
    await fails(["live", "some.host", "--record", file], "EEXIST");
    for (const argv of [["record", "some.host"], ["watch", "ls"], ["recordings", "ls"], ["key", "ls"], ["serve"]]) {
      await fails([...argv, "--dir", below, ...argv[0] === "serve" ? ["--port", "0"] : []], "ENOTDIR");
    }
    const { err } = await run(["watch", "ls", "--dir", file]);
    assert(err[0]?.endsWith("a part of the path is a file, and a folder was expected"), err[0]);
  });

  it("says that TikTok, or the API, is away", async () => {
    const session = { ROOMTONE_TIKTOK_COOKIES: "sessionid=abcdefgh" };
    for (const argv of [["live", "some.host"], ["record", "some.host"], ["user", "some.host"], ["gifts"], ["prices"]]) {
      await fails([...argv, ...argv[0] === "record" ? ["--dir", dir] : []], "network");
    }
    await fails(["feed"], "network");
    await fails(["followings", "some.host"], "network", session);
    await fails(["followers", "some.host"], "login_required");
    await fails(["send", "some.host", "hello"], "login_required");
    for (const argv of [["watch", "ls"], ["recordings", "ls"], ["user", "some.host"], ["gifts"], ["retention"]]) {
      await fails([...argv, "--remote", `http://${NOWHERE}`], "network");
    }
    const links = await run(["links", "some.host"]);
    assertEquals([links.code, links.out[0]?.startsWith("@some.host: network: ")], [1, true]);
    assert(links.out[0]?.includes("Check the connection") && links.out[0].includes("Seen: {"));
    const canary = await run(["canary"], { ROOMTONE_CANARY_LISTEN_MS: "0" });
    assertEquals([canary.code, canary.err.some((line) => line.startsWith("no answer "))], [1, true]);
  });

  it("says that there is no such thing", async () => {
    for (const verb of ["show", "keep"]) await fails(["recordings", verb, "7"], "not_found");
    await fails(["alerts", "resend", "live_started:7"], "not_found");
    assertEquals((await run(["key", "rm", "7"])).code, 1);
    await fails(["retention", "--host", "no name"], "invalid_input");
    await fails(["record", "no name", "--dir", dir], "invalid_input");
  });
});
