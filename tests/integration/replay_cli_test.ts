/**
 * `roomtone live --record` and `roomtone replay`: the second prints what the first did.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runCli } from "../../cli/cli.ts";
import type { CliIo } from "../../cli/io.ts";
import { startStandin } from "../standin/mod.ts";

/** Runs one command line and keeps what it prints. */
async function run(argv: string[], env: CliIo["env"] = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const io: CliIo = {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    status: () => undefined,
    env,
    signal: new AbortController().signal,
    now: () => Date.now(),
  };
  return { code: await runCli(argv, io), out, err };
}

describe("roomtone replay", () => {
  it("prints what roomtone live printed, also from a file that was cut", { timeout: 60_000 }, async () => {
    const dir = await mkdtemp(join(tmpdir(), "roomtone-replay-"));
    const standin = await startStandin({ media: false, seed: "replay-cli" });
    try {
      standin.room("some.host").startLive({ speed: 10, durationMs: 10_000 });
      const { web, webcast, socket } = standin.baseUrls;
      const file = join(dir, "some.frames");
      const live = await run(["live", "some.host", "--json", "--record", file], {
        ROOMTONE_TIKTOK_WEB_URL: web,
        ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
        ROOMTONE_TIKTOK_SOCKET_URL: socket,
      });
      assertEquals([live.code, live.err], [0, []]);
      assert(live.out.length > 30);
      const replayed = await run(["replay", file, "--json"]);
      assertEquals([replayed.code, replayed.out.join("\n")], [0, live.out.join("\n")]);
      assert(replayed.err.some((line) => line.includes("the live ended: ended")));

      await truncate(file, (await readFile(file)).length - 100);
      const cut = await run(["replay", file, "--json", "--speed", "1000"]);
      assertEquals([cut.code, cut.out.join("\n")], [0, live.out.slice(0, cut.out.length).join("\n")]);
      assert(cut.out.length > 20 && cut.err.some((line) => line.startsWith("the file was cut: ")));
      assertEquals((await run(["live", "some.host", "--record", file])).code, 1, "a file is never overwritten");
      assertEquals((await run(["replay", file, "--speed", "0"])).code, 2);
    } finally {
      await standin.stop();
      await rm(dir, { recursive: true });
    }
  });
});
