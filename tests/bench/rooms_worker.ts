/**
 * Thousands of rooms in one Bun process, through the SDK's public door. Prints one JSON line of {@link RoomsResult}.
 *
 * `bun tests/bench/rooms_worker.ts SERVER ROOMS SECONDS MESSAGES_PER_FRAME...`
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Live, type LiveEvent, TikTok } from "../../sdk/mod.ts";
import { hostGunzip } from "../../sdk/src/runtime/host_gunzip.ts";
import type { LoadStats } from "./rooms_load.ts";

/** What the process showed. */
export interface RoomsResult {
  /** Before the first room. */
  idle: Memory;
  connectSeconds: number;
  fillSeconds: number;
  /** One for each size of frames, in the order asked for. */
  runs: RoomsRun[];
  /** What must not be: gaps, reconnects, duplicates, drops, messages that do not decode. */
  faults: string[];
}

/** What the rooms showed at one size of frames, with all windows full. */
export interface RoomsRun {
  messagesPerFrame: number;
  /** Under load. */
  full: Memory;
  /** After a garbage collection, when the load has stopped. */
  collected: Memory;
  peakRssKb: number;
  /** Share of one core that the process took while it was measured, 0 to 1. */
  cpu: number;
  received: number;
  load: LoadStats;
  /** Time from when a message was due to the loop that reads the room, ms. */
  p50Ms: number;
  p99Ms: number;
  worstMs: number;
}

/** Resident memory, and the process's own share of pages that others have, too; KB. */
export interface Memory {
  rssKb: number;
  pssKb: number;
}

const [server = "", roomsText, secondsText, ...frameSizes] = process.argv.slice(2);
const rooms = Number(roomsText);
const seconds = Number(secondsText);
/** Rooms that are opened at the same time. */
const OPENING = 100;
/** Time under load before anything is counted. */
const WARM_UP_MS = 5000;
const SETTLE_MS = 3000;
const MAX_LATE_MS = 60_000;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const { Bun } = globalThis as unknown as { Bun: { gc(wait: boolean): void } };

function memory(): Memory {
  const kilobytes = (file: string, field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(file, "utf8"))?.[1] ?? NaN);
  if (process.platform !== "linux") {
    const rssKb = process.memoryUsage().rss / 1024;
    return { rssKb, pssKb: rssKb };
  }
  return { rssKb: kilobytes("/proc/self/smaps_rollup", "Rss"), pssKb: kilobytes("/proc/self/smaps_rollup", "Pss") };
}

async function control(path: string): Promise<LoadStats> {
  return await (await fetch(`${server}/bench/${path}`)).json() as LoadStats;
}

const lateness = new Uint32Array(MAX_LATE_MS + 1);
let received = 0;
let read = 0;
let lives: Live[] = [];

/** Reads what a script would: who says what, who gives what. */
function use(event: LiveEvent): void {
  if (event.type === "chat") read += event.text.length + event.user.username.length;
  else if (event.type === "gift") read += event.diamonds + event.user.username.length;
}

async function listen(live: Live): Promise<void> {
  for await (const event of live) {
    if (!("method" in event)) continue;
    received++;
    use(event);
    const late = Math.min(MAX_LATE_MS, Math.max(0, Date.now() - event.at));
    lateness[late] = (lateness[late] ?? 0) + 1;
  }
}

function percentile(share: number): number {
  let left = lateness.reduce((sum, count) => sum + count, 0) * share;
  for (const [ms, count] of lateness.entries()) {
    left -= count;
    if (left <= 0) return ms;
  }
  return MAX_LATE_MS;
}

const tiktok = new TikTok({
  gunzip: hostGunzip(globalThis),
  baseUrls: { web: server, webcast: server, ttwid: server, socket: server.replace(/^http/, "ws") },
});
await tiktok.checkAlive(["7300000000000000000"]);
Bun.gc(true);
await sleep(500);
const idle = memory();

let from = performance.now();
for (let first = 0; first < rooms; first += OPENING) {
  const opened = Array.from(
    { length: Math.min(OPENING, rooms - first) },
    (_, index) => tiktok.live({ roomId: String(7_300_000_000_000_000_000n + BigInt(first + index)) }),
  );
  lives.push(...opened);
  for (const live of opened) void listen(live);
  await Promise.all(opened.map((live) => live.connected));
}
const connectSeconds = (performance.now() - from) / 1000;

from = performance.now();
const wanted = (await control("fill")).rooms * 2048;
while (received < wanted && performance.now() - from < 120_000) await sleep(100);
const fillSeconds = (performance.now() - from) / 1000;
if (received !== wanted) throw new Error(`the windows are not full: ${received} of ${wanted} messages came`);

async function measure(messagesPerFrame: number): Promise<RoomsRun> {
  const before = received;
  await control(`start?messagesPerFrame=${messagesPerFrame}`);
  await sleep(WARM_UP_MS);
  lateness.fill(0);
  const cpuBefore = process.cpuUsage();
  const from = performance.now();
  let peakRssKb = 0;
  for (let second = 0; second < seconds; second++) {
    await sleep(1000);
    peakRssKb = Math.max(peakRssKb, memory().rssKb);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpu = (user + system) / 1000 / (performance.now() - from);
  const full = memory();
  const [p50Ms, p99Ms] = [percentile(0.5), percentile(0.99)];
  const worstMs = lateness.findLastIndex((count) => count > 0);
  await control("stop");
  await sleep(SETTLE_MS);
  const load = await control("stats");
  Bun.gc(true);
  await sleep(500);
  const collected = memory();
  return {
    messagesPerFrame,
    full,
    collected,
    peakRssKb,
    cpu,
    received: received - before,
    load,
    p50Ms,
    p99Ms,
    worstMs,
  };
}

const runs: RoomsRun[] = [];
for (const size of frameSizes) runs.push(await measure(Number(size)));

const faults: string[] = [];
const sum = (of: (counters: Live["counters"]) => number) => lives.reduce((total, live) => total + of(live.counters), 0);
const zero: [string, number][] = [
  ["reconnects", sum(({ reconnects }) => reconnects)],
  ["duplicates", sum(({ duplicates }) => duplicates)],
  ["undecodable", sum(({ undecodable }) => undecodable)],
  ["dropped", sum(({ dropped, framesDropped }) => dropped + framesDropped)],
  ["gaps", sum(({ events }) => events.gap ?? 0)],
  ["sockets closed", (await control("stats")).closed],
];
for (const [what, count] of zero) if (count !== 0) faults.push(`${what} ${count}`);
if (!(read > 0)) faults.push("nothing was read");

const result: RoomsResult = { idle, connectSeconds, fillSeconds, runs, faults };
lives.forEach((live) => live.close());
lives = [];
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
