/**
 * The calls of the API in the README and on the page of the local system, as they stand there, against
 * `roomtone demo --stay`.
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { bun, media, ROOT } from "../../scripts/tools.mjs";

const ADDRESS = "http://127.0.0.1:3000";

/** The `curl` commands of a text's shell blocks, in order. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = ""]) => block.replaceAll("\\\n", " ").split("\n"))
    .filter((line) => line.startsWith("curl ") && line.includes(ADDRESS));
}

/** Runs a command line; gives back its exit code, the status of the answer, and the answer. */
function shell(command: string): Promise<{ code: number; status: number; body: string }> {
  const line = command.replace(/^curl /, "curl -sS --max-time 60 -w '\\n%{http_code}' ");
  return new Promise((resolve) => {
    execFile("bash", ["-c", line], { env: { PATH: process.env["PATH"] } }, (error, stdout) => {
      const lines = stdout.split("\n");
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, status: Number(lines.at(-1)), body: lines.slice(0, -1).join("\n") });
    });
  });
}

/** Starts the demo; gives back the address of its API once it stays. */
async function startDemo(): Promise<{ url: string; stop(): Promise<unknown> }> {
  const { ffmpeg, ffprobe } = media();
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(bun(), [join(ROOT, "cli", "main.ts"), "demo", "--stay", "--seconds", "5"], {
    env: { PATH, HOME, ROOMTONE_PORT: "0", ROOMTONE_FFMPEG: ffmpeg, ROOMTONE_FFPROBE: ffprobe },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  const said: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(line);
      const found = /^ {2}API +(\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    void ended.then(() => reject(new Error(`the demo ended:\n${said.join("\n")}`)));
  });
  return { url, stop };
}

describe("README.md and docs/local_system.md", () => {
  it("show calls of the API that work against the demo", { timeout: 120_000 }, async () => {
    if ((await shell("curl --version")).code !== 0) {
      if (process.env["CI"] === "true") throw new Error("there is no curl");
      process.stdout.write("SKIPPED: there is no curl\n");
      return;
    }
    const [readme, page] = await Promise.all(
      ["README.md", "docs/local_system.md"].map((file) => readFile(join(ROOT, file), "utf8")),
    );
    // The README has its three calls out of the page.
    assertEquals(commandsOf(readme ?? "").filter((command) => !commandsOf(page ?? "").includes(command)), []);
    assertEquals(commandsOf(readme ?? "").length, 3);
    const commands = commandsOf(page ?? "");
    const demo = await startDemo();
    try {
      const answers = new Map<string, string>();
      let roomId = "";
      let streaming: Promise<void> | undefined;
      for (const command of commands) {
        const check = async () => {
          const { code, status, body } = await shell(command.replace(ADDRESS, demo.url).replace("ID", roomId));
          assert(code === 0 && status >= 200 && status < 300, `${command}\n${code} ${status} ${body}`);
          answers.set(command, body);
          if (command.includes("-X POST") && command.includes("/recordings'")) roomId = JSON.parse(body).id;
        };
        // A stream ends with its recording, which a later command stops; until then nothing is deleted.
        if (command.includes("-N")) {
          streaming = check();
          continue;
        }
        if (command.includes("DELETE")) {
          await streaming;
          while ((await (await fetch(`${demo.url}/recordings/${roomId}`)).json()).state !== "finished");
        }
        await check();
      }
      assertEquals(answers.size, commands.length);
      for (
        const [path, begin] of [
          ["/api/links", '{"user":"some.host","live_stream_link":"http'],
          ["/tiktok/user-info", '{"status":"success","data":{"userInfo":{"uniqueId":"some.host",'],
          ["/tiktok/user-followings", '{"requestDetails":{"secUid":"'],
          ["/api/live", '[{"user":"some.host","live":true,'],
          ["/stop", '{"id":"'],
          ["-X DELETE", ""],
        ] as const
      ) {
        const [, answer] = [...answers].find(([command]) => command.includes(path)) ?? [];
        assertStringIncludes(answer ?? `nothing calls ${path}`, begin);
        assert(answer?.startsWith(begin), answer);
      }
    } finally {
      await demo.stop();
    }
  });
});
