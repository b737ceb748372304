/**
 * The console as a person has it: the built page, served by the local system that records from the stand-in, in a real
 * Chromium.
 * @module
 */
import { loadConfig, LocalConfig, type LocalSystem, startLocal } from "@roomtone/functions/local";
import { assertEquals } from "@std/assert";
import axe from "axe-core";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Browser, Page } from "playwright-core";
import { builtConsole } from "../../scripts/console.mjs";
import { bun } from "../../scripts/tools.mjs";
import { type Standin, startStandin } from "../standin/mod.ts";

/** Where screenshots go: outside of the repository. */
const SHOTS = process.env["ROOMTONE_SCREENSHOTS"] ?? join(tmpdir(), "roomtone-screenshots");

/** How a page is looked at. */
export interface Look {
  width?: number;
  height?: number;
  dark?: boolean;
}

/** A system with its console, and pages of it. */
export interface ConsoleWorld {
  /** The system; another one after {@link ConsoleWorld.restart}. */
  readonly system: LocalSystem;
  standin: Standin;
  /** Opens a place of the console, such as `#/system`. Whatever the page complains about fails the test at its end. */
  open(hash?: string, look?: Look): Promise<Page>;
  /** What pages have complained about: errors, and what their policy refused. */
  complaints: string[];
  /** Ends the system, and starts it again at the same address and on the same data once `meanwhile` is done. */
  restart(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts stand-in and local system. */
export async function startConsoleWorld(browser: Browser, env: Record<string, string> = {}): Promise<ConsoleWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), "roomtone-console-"));
  const standin = await startStandin({ seed: "console" });
  const { web, webcast, socket, ttwid } = standin.baseUrls;
  const start = (port: string) =>
    startLocal(
      loadConfig(LocalConfig, {
        ROOMTONE_PORT: port,
        ROOMTONE_DATA_DIR: dataDir,
        ROOMTONE_CONSOLE_DIR: builtConsole(bun()),
        ROOMTONE_POLL_INTERVAL_MS: "1000",
        ROOMTONE_POLL_TICK_MS: "200",
        ROOMTONE_SEGMENT_MS: "1000",
        ROOMTONE_FFMPEG: process.env["ROOMTONE_FFMPEG"],
        ROOMTONE_TIKTOK_WEB_URL: web,
        ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
        ROOMTONE_TIKTOK_SOCKET_URL: socket,
        ROOMTONE_TIKTOK_TTWID_URL: ttwid,
        ...env,
      }),
      { logger: { info() {}, warn() {}, error() {} } },
    );
  let system = await start("0");
  const complaints: string[] = [];
  const pages: Page[] = [];
  return {
    get system() {
      return system;
    },
    standin,
    complaints,
    async open(hash = "", { width = 1280, height = 800, dark = true } = {}) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme: dark ? "dark" : "light" });
      page.setDefaultTimeout(30_000);
      page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(`console: ${message.text()}`);
      });
      const elsewhere = (url: string) => /^(http|ws)/.test(url) && new URL(url).origin !== new URL(system.url).origin;
      page.on("response", (response) => {
        if (elsewhere(response.url())) complaints.push(`request to elsewhere: ${response.url()}`);
      });
      page.on("requestfailed", (request) => {
        const why = request.failure()?.errorText;
        if (elsewhere(request.url()) && why !== "csp") complaints.push(`request to elsewhere: ${request.url()} ${why}`);
      });
      pages.push(page);
      await page.goto(`${system.url}/${hash}`);
      return page;
    },
    async restart(meanwhile) {
      const { port } = new URL(system.url);
      await system.stop();
      await meanwhile();
      system = await start(port);
    },
    async stop() {
      for (const page of pages) await page.close();
      await system.stop();
      await standin.stop();
      rmSync(dataDir, { recursive: true, maxRetries: 5 });
    },
  };
}

/** Keeps a picture of the page, for people to look at after the tests. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

/** Fails when axe finds that somebody could not use the page. */
export async function assertAccessible(page: Page): Promise<void> {
  // The page's policy lets no script in but its own, so axe comes by the debugger.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe.source });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document).then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) =>
      id + ": " + nodes.map(({ target }) => target.join(" ")).join(", "))))`,
    awaitPromise: true,
  });
  await session.detach();
  assertEquals(JSON.parse(String(result.value)), []);
}
