/**
 * The local system as a process: it survives being killed, and ends cleanly when it is asked to.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { bun, deno, node24 } from "../../scripts/tools.mjs";
import { type Standin, startStandin } from "../standin/mod.ts";

const PROGRAM = fileURLToPath(new URL("../../functions/entry/local/serve.ts", import.meta.url));

/** A running `serve.ts`. */
interface Serving {
  child: ChildProcess;
  /** Resolves with the first line of the log, also one that came before, that has all of these words. */
  logged(...words: string[]): Promise<string>;
  exited: Promise<number | string | null>;
}

describe("serve.ts", () => {
  let dataDir: string;
  let standin: Standin;
  let running: ChildProcess[];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "roomtone-serve-"));
    standin = await startStandin({ seed: "serve" });
    await standin.prepareMedia();
    running = [];
  });
  afterEach(async () => {
    for (const child of running) child.kill("SIGKILL");
    await standin.stop();
    await rm(dataDir, { recursive: true, maxRetries: 5 });
  });

  function serve(env: Record<string, string> = {}, [program = "", ...words]: string[] = [process.execPath]): Serving {
    const child = spawn(program, [...words, PROGRAM], {
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...process.env,
        ROOMTONE_PORT: "0",
        ROOMTONE_DATA_DIR: dataDir,
        ROOMTONE_POLL_INTERVAL_MS: "300",
        ROOMTONE_POLL_TICK_MS: "100",
        ROOMTONE_SEGMENT_MS: "1000",
        ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
        ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
        ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
        ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
        ...env,
      },
    });
    running.push(child);
    const lines: string[] = [];
    const waiting = new Set<() => void>();
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      for (const each of waiting) each();
    });
    const exited = new Promise<number | string | null>((resolve) => {
      child.once("exit", (code, signal) => resolve(signal ?? code));
    });
    const logged = (...words: string[]) =>
      new Promise<string>((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => words.every((word) => line.includes(word)));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        exited.then((how) =>
          reject(new Error(`It ended (${how}) before it logged ${words.join(" ")}\n${lines.join("\n")}`))
        );
      });
    return { child, logged, exited };
  }
  const urlOf = (line: string) => /url=(\S+)/.exec(line)?.[1] ?? "";

  it("records on after it was killed, closes what it left open, and ends cleanly", { timeout: 60_000 }, async () => {
    const first = serve();
    const url = urlOf(await first.logged("listening"));
    assertEquals((await fetch(`${url}/watchlist/some.host`, { method: "PUT" })).status, 201);
    const { roomId } = standin.room("some.host").startLive();
    await first.logged("recording_started");
    const segments = async (from: string) => {
      const response = await fetch(`${from}/recordings/${roomId}`);
      return (await response.json() as { segments: number }).segments;
    };
    while (await segments(url) < 1);
    first.child.kill("SIGKILL");
    assertEquals(await first.exited, "SIGKILL");

    const second = serve();
    const again = urlOf(await second.logged("listening"));
    const started = await second.logged("recording_started", "part=2");
    const repaired = await second.logged("recording_repaired");
    const folder = /folder=(\S+)/.exec(repaired)?.[1]?.replaceAll('"', "") ?? "";
    assert(!started.includes(folder));
    const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as { segments: unknown[] };
    assert(manifest.segments.length >= 1);
    assert(await segments(again) >= 1);
    const third = serve();
    assertEquals(await third.exited, 1);

    second.child.kill("SIGTERM");
    assertEquals(await second.exited, 0);
    await second.logged("recording_released");
  });

  it("answers on Bun, Deno and Node alike", { timeout: 60_000 }, async () => {
    standin.room("some.host").startLive({ title: "Tea" });
    for (const runtime of [[bun()], [deno(), "run", "-A", "--no-check"], [node24()]]) {
      const { child, logged, exited } = serve({ ROOMTONE_RECORDER_SLOTS: "0" }, runtime);
      const url = urlOf(await logged("listening"));
      const links = await (await fetch(`${url}/api/links?usernames[]=some.host&usernames[]=nobody`)).json();
      assertEquals(links.map(({ code }: { code: string }) => code), ["live", "not_found"]);
      assertEquals((await fetch(`${url}/watchlist/${runtime.length}.host`, { method: "PUT" })).status, 201);
      for (const path of ["/watchlist", "/recordings", "/openapi.json", "/docs", "/metrics"]) {
        const answer = await fetch(`${url}${path}`);
        assertEquals([answer.status, (await answer.text()).length > 2], [200, true], path);
      }
      child.kill("SIGTERM");
      assertEquals(await exited, 0);
      await rm(dataDir, { recursive: true, maxRetries: 5 });
    }
    await mkdir(dataDir);
  });

  it("names every bad setting and does not start", { timeout: 60_000 }, async () => {
    const bad = serve({ ROOMTONE_PORT: "high", ROOMTONE_FLUSH_MS: "0" });
    const line = await bad.logged("Cannot start with these settings").catch(String);
    assert(
      line.includes("ROOMTONE_PORT must be a whole number") && line.includes("ROOMTONE_FLUSH_MS must be at least 50"),
      line,
    );
    assertEquals(await bad.exited, 1);
  });
});
