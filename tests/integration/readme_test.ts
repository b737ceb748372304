/**
 * The README's calls of the API, as they stand there, against a local system on the stand-in.
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadConfig, LocalConfig, startLocal } from "@roomtone/functions/local";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { SESSION_ID } from "../standin/call_routes.ts";
import { startStandin } from "../standin/mod.ts";

const README = fileURLToPath(new URL("../../README.md", import.meta.url));
const ADDRESS = "http://127.0.0.1:3000";

/** The `curl` commands of the README's shell blocks, without what is said about them. */
function commandsOf(readme: string): string[] {
  return [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = ""]) => block.replaceAll("\\\n", " ").split("\n"))
    .filter((line) => line.startsWith("curl ") && line.includes(ADDRESS));
}

/** Runs a command line; gives back its exit code, the status of the answer, and the answer. */
function shell(command: string): Promise<{ code: number; status: number; body: string }> {
  // Behind the command's own words, before what is said about it.
  const line = command.replace(/^curl /, "curl -sS --max-time 30 -w '\\n%{http_code}' ");
  return new Promise((resolve) => {
    execFile("bash", ["-c", line], { env: { PATH: process.env["PATH"] } }, (error, stdout) => {
      const lines = stdout.split("\n");
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, status: Number(lines.at(-1)), body: lines.slice(0, -1).join("\n") });
    });
  });
}

describe("README.md", () => {
  it("shows calls of the API that work", { timeout: 120_000 }, async () => {
    if ((await shell("curl --version")).code !== 0) {
      if (process.env["CI"] === "true") throw new Error("there is no curl");
      process.stdout.write("SKIPPED: there is no curl\n");
      return;
    }
    const dataDir = await mkdtemp(join(tmpdir(), "roomtone-readme-"));
    const standin = await startStandin({ seed: "readme" });
    await standin.prepareMedia();
    const { roomId } = standin.room("some.host").startLive({ title: "Tea" });
    const { web, webcast, socket, ttwid } = standin.baseUrls;
    const config = loadConfig(LocalConfig, {
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_POLL_TICK_MS: "600000",
      ROOMTONE_CLAIM_INTERVAL_MS: "100",
      ROOMTONE_FLUSH_MS: "300",
      ROOMTONE_SEGMENT_MS: "1000",
      ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}`,
      ROOMTONE_TIKTOK_WEB_URL: web,
      ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: socket,
      ROOMTONE_TIKTOK_TTWID_URL: ttwid,
    });
    let finished = () => {};
    const over = new Promise<void>((resolve) => finished = resolve);
    const system = await startLocal(config, {
      logger: new CaptureLogger(),
      observe: ({ kind }) => kind === "recording_finished" && finished(),
    });
    try {
      const commands = commandsOf(await readFile(README, "utf8"));
      const answers: string[] = [];
      let streaming: Promise<void> | undefined;
      for (const command of commands) {
        const check = async () => {
          const { code, status, body } = await shell(command.replace(ADDRESS, system.url).replace("ID", roomId));
          assert(code === 0 && status >= 200 && status < 300, `${command}\n${code} ${status} ${body}`);
          answers.push(body);
        };
        // A stream ends with its recording, which a later command stops; until then nothing is deleted.
        if (command.includes("-N")) streaming = check();
        else {
          if (command.includes("DELETE")) await Promise.all([streaming, over]);
          await check();
        }
      }
      for (
        const path of ["/api/links", "/tiktok/user-info", "/tiktok/user-followings", "/api/live", "DELETE", "/stop"]
      ) {
        assert(commands.some((command) => command.includes(path)), `the README calls ${path}`);
      }
      assertEquals(answers.length, commands.length);
      const shown = answers.join("\n");
      for (const part of ['{"user":"some.host","live_stream_link":"http', '{"status":"success"', '"count":"50"']) {
        assertStringIncludes(shown, part);
      }
    } finally {
      await system.stop();
      await standin.stop();
      await rm(dataDir, { recursive: true, maxRetries: 5 });
    }
  });
});
