/**
 * `roomtone repair` of what a killed `roomtone record` left, and `roomtone serve`.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { bun, ROOT } from "../../scripts/tools.mjs";
import { runCommandLine, standinEnv } from "../fakes/command_line.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

let standin: Standin;
let dir: string;

/** Waits for the first closed segment of a recording. */
async function segmentIn(folder: string): Promise<void> {
  const there = async () => (await readdir(folder)).some((file) => file.endsWith(".m4s"));
  await new Promise<void>((resolve, reject) => {
    const look = () =>
      there().then((found) => {
        if (!found) return;
        watcher.close();
        resolve();
      }, reject);
    const watcher = watch(folder, () => void look());
    void look();
  });
}

describe("roomtone repair and serve", () => {
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-repair-"));
    standin = await startStandin({ media: { seconds: 2 }, seed: "repair-cli" });
    await standin.prepareMedia();
  });
  after(async () => {
    await standin.stop();
    await rm(dir, { recursive: true, maxRetries: 5 });
  });

  it(
    "repair closes what a kill left open, and goes on behind a folder that it cannot",
    { timeout: 120_000 },
    async () => {
      standin.room("some.host").startLive({ rate: 2 });
      const words = ["record", "some.host", "--dir", dir, "--thumbnail-every-s", "0", "--json"];
      const child = spawn(bun(), [join(ROOT, "cli", "main.ts"), ...words], {
        env: { ...standinEnv(standin), PATH: process.env["PATH"] ?? "" },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const gone = new Promise((resolve) => child.on("exit", resolve));
      const [line = ""] = await new Promise<string[]>((resolve) =>
        createInterface({ input: child.stdout }).once("line", (text) => resolve([text]))
      );
      const { folder }: { folder: string } = JSON.parse(line);
      await segmentIn(folder);
      child.kill("SIGKILL");
      await gone;

      const { code, out } = await runCommandLine(["repair", dir, folder, "--json"]);
      const [failed, repaired] = out.map((text) => JSON.parse(text));
      assertEquals([code, failed.folder, failed.error.code], [1, dir, "not_a_recording"]);
      assert(repaired.folder === folder && repaired.manifest.recovered && repaired.manifest.totals.segments > 0);
      const again = await runCommandLine(["repair", folder]);
      assertEquals([again.code, again.out[0]?.startsWith(`${folder}: `)], [0, true]);
      const wrong = await runCommandLine(["repair", join(dir, "none")]);
      assertEquals([wrong.code, wrong.err[0]?.split(":")[0], wrong.err.some((each) => each.startsWith("  to do: "))], [
        1,
        "not_a_recording",
        true,
      ]);
      assertEquals((await runCommandLine(["repair"])).code, 2);
    },
  );

  it("serve tells where it is, serves, and ends at Ctrl-C", { timeout: 60_000 }, async () => {
    const stop = new AbortController();
    let status: Promise<number> | undefined;
    const { code, out } = await runCommandLine(["serve", "--port", "0", "--dir", join(dir, "data"), "--json"], {
      env: standinEnv(standin),
      signal: stop.signal,
      onLine(line) {
        const { url } = JSON.parse(line);
        status = fetch(`${url}/watchlist`).then((answer) => answer.status);
        void status.finally(() => stop.abort());
      },
    });
    assertEquals([code, out.length, await status], [0, 1, 200]);
  });

  it("serve says why it cannot: a port that is taken, settings that are wrong", { timeout: 60_000 }, async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = String(typeof address === "object" && address !== null ? address.port : 0);
    const options = { env: { ...standinEnv(standin), ROOMTONE_DATA_DIR: join(dir, "other") } };
    const busy = await runCommandLine(["serve", "--port", port], options);
    taken.close();
    assertEquals([busy.code, busy.err[0]?.split(":")[0]], [1, "EADDRINUSE"], busy.err.join("\n"));
    assert(busy.err.some((line) => line === "  to do: Stop it, or name another port with --port"));
    const wrong = await runCommandLine(["serve", "--port", "many"], options);
    assertEquals([wrong.code, wrong.err[0]?.startsWith("invalid_input: Cannot start with these settings: ")], [
      1,
      true,
    ]);
    assertEquals((await runCommandLine(["serve", "--prot", "1"], options)).code, 2);
  });
});
