/**
 * The console in a real Chromium on loopback: how much it loads first, how soon a recording's page is painted, and
 * whether frames are late while 10,000 messages, and 120,000 events of a long live, are scrolled through and sought.
 *
 * `npm run bench -- console`. Exits with 1 when a target is missed.
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { builtConsole } from "../../scripts/console.mjs";
import { bun } from "../../scripts/tools.mjs";
import { startConsoleWorld } from "../console/console_world.ts";
import { giveEvents } from "../console/many_events.ts";
import { startChromium } from "../engines/chromium.ts";

const MAX_LOAD_KB = 150;
const MAX_PAINT_MS = 1_000;
const MAX_FRAME_MS = 50;
const CHATS = 10_000;
/** Events of a busy live of six hours. */
const LONG = 120_000;
/** Video that is recorded first, s. */
const VIDEO_S = 20;
const ROUNDS = 5;
const MOVES = 60;

let anyMissed = false;

function row(what: string, value: string, target = "", met = true): void {
  anyMissed ||= !met;
  process.stdout.write(`${what.padEnd(64)} ${value.padStart(14)}   ${target.padEnd(8)} ${met ? "" : "MISSED"}\n`);
}

/** Size of what the page asks for before anything is played, packed as it is sent, KB. */
function firstLoadKb(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const first = files.filter((name) => /\.(html|js|css)$/.test(name) && !name.includes("hls"));
  return first.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0) / 1000;
}

/** Time from the navigation to the first paint that shows something, ms. */
async function paintMs(page: Page, url: string): Promise<number> {
  await page.goto("about:blank");
  await page.goto(url);
  await page.getByRole("heading", { name: "@some.host" }).waitFor();
  return await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity);
}

/** The longest times between two frames, ms, while something is moved at each of some frames. */
async function framesMs(page: Page, kind: "scroll" | "seek"): Promise<number[]> {
  return await page.evaluate(async ({ kind, moves }) => {
    const box = document.querySelector(".chat-box");
    const video = document.querySelector("video");
    if (box === null || video === null) throw new Error("the page has no chat or no video");
    box.dispatchEvent(new WheelEvent("wheel"));
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    const times: number[] = [];
    let last = await frame();
    for (let move = 0; move < moves; move++) {
      if (kind === "scroll") box.scrollTop = (move * 7919 % 100) / 100 * box.scrollHeight;
      else video.currentTime = (move * 7919 % 100) / 100 * video.duration;
      for (let each = 0; each < 3; each++) {
        const now = await frame();
        times.push(now - last);
        last = now;
      }
    }
    return times.sort((a, b) => b - a);
  }, { kind, moves: MOVES });
}

async function frameRows(page: Page, events: number): Promise<void> {
  for (const kind of ["scroll", "seek"] as const) {
    const [longest = Infinity, second = Infinity] = await framesMs(page, kind);
    row(
      `longest frame of ${MOVES * 3} in a ${kind} through ${events} events (next ${second.toFixed(0)})`,
      `${longest.toFixed(0)} ms`,
      `${MAX_FRAME_MS} ms`,
      longest <= MAX_FRAME_MS,
    );
  }
}

const { browser, skipped } = await startChromium();
if (browser === undefined) {
  process.stdout.write(`SKIPPED: ${skipped}\n`);
  process.exit(0);
}
const loadKb = firstLoadKb(builtConsole(bun()));
row("first load without hls.js, gzipped", `${loadKb.toFixed(1)} KB`, `${MAX_LOAD_KB} KB`, loadKb <= MAX_LOAD_KB);

const world = await startConsoleWorld(browser);
try {
  const room = world.standin.room("some.host");
  room.startLive({ durationMs: VIDEO_S * 1_000 });
  const { store, url } = world.system;
  await store.putWatch("some.host", Date.now());
  const id = room.roomId;
  const recording = async () => {
    for (;;) {
      const found = await store.getRecording(id);
      if (found?.state === "finished") return found;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const { startedAt = 0 } = await recording();

  const page = await world.open();
  await giveEvents(page, { count: CHATS, fromMs: startedAt, lengthMs: VIDEO_S * 1_000, chatOnly: true });
  const paints: number[] = [];
  for (let round = 0; round < ROUNDS; round++) paints.push(await paintMs(page, `${url}/#/recordings/${id}`));
  const worst = Math.max(...paints);
  row(
    `first paint of a recording's page, worst of ${ROUNDS}`,
    `${worst.toFixed(0)} ms`,
    `${MAX_PAINT_MS} ms`,
    worst <= MAX_PAINT_MS,
  );

  await page.locator("video").evaluate(async (video: HTMLVideoElement) => {
    if (video.readyState < 2) {
      await new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
    }
  });
  await page.waitForFunction((count) => (document.querySelector(".chat-box")?.scrollHeight ?? 0) > count * 20, CHATS);
  await frameRows(page, CHATS);

  // The page is opened anew, so that it asks from the first event on.
  await page.goto("about:blank");
  await page.unrouteAll();
  await giveEvents(page, { count: LONG, fromMs: startedAt, lengthMs: VIDEO_S * 1_000 });
  const from = performance.now();
  await page.goto(`${url}/#/recordings/${id}`);
  await page.waitForFunction((count) => (document.querySelector(".chat-box")?.scrollHeight ?? 0) > count * 20, LONG);
  row(`time until ${LONG} events are read and shown`, `${((performance.now() - from) / 1000).toFixed(1)} s`);
  await frameRows(page, LONG);
  if (world.complaints.length > 0) row("complaints of the page", world.complaints.join("; "), "none", false);
} finally {
  await world.stop();
  await browser.close();
}
process.exit(anyMissed ? 1 : 0);
