/**
 * Thousands of rooms in one Bun process, through the SDK's public door. Prints one JSON line of {@link RoomsResult}.
 *
 * `bun tests/bench/rooms_worker.ts SERVER ROOMS SECONDS`
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Live, type LiveEvent, TikTok } from "../../sdk/mod.ts";
import { hostGunzip } from "../../sdk/src/runtime/host_gunzip.ts";
import type { LoadStats } from "./rooms_load.ts";

/** What a run showed. */
export interface RoomsResult {
  /** Resident memory, KB: before the first room, and with all windows full under load. */
  idle: Memory;
  full: Memory;
  /** The same after a garbage collection, when the load has stopped. */
  collected: Memory;
  peakRssKb: number;
  connectSeconds: number;
  fillSeconds: number;
  seconds: number;
  /** Share of one core that the process took while it was measured, 0 to 1. */
  cpu: number;
  received: number;
  load: LoadStats;
  /** Time from when a message was due to the loop that reads the room, ms. */
  p50Ms: number;
  p99Ms: number;
  worstMs: number;
  /** What must not be: gaps, reconnects, duplicates, drops, messages that do not decode. */
  faults: string[];
}

/** Resident memory, and the process's own share of pages that others have, too; KB. */
export interface Memory {
  rssKb: number;
  pssKb: number;
}

const [server = "", roomsText, secondsText] = process.argv.slice(2);
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
const beforeLoad = received;
if (beforeLoad !== wanted) throw new Error(`the windows are not full: ${beforeLoad} of ${wanted} messages came`);

await control("start");
await sleep(WARM_UP_MS);
lateness.fill(0);
const cpuBefore = process.cpuUsage();
from = performance.now();
let peakRssKb = 0;
for (let second = 0; second < seconds; second++) {
  await sleep(1000);
  peakRssKb = Math.max(peakRssKb, memory().rssKb);
}
const { user, system } = process.cpuUsage(cpuBefore);
const measuredMs = performance.now() - from;
const full = memory();
const [p50Ms, p99Ms] = [percentile(0.5), percentile(0.99)];
const worstMs = lateness.findLastIndex((count) => count > 0);
await control("stop");
await sleep(SETTLE_MS);
const load = await control("stats");
Bun.gc(true);
await sleep(500);
const collected = memory();

const faults: string[] = [];
const sum = (of: (counters: Live["counters"]) => number) => lives.reduce((total, live) => total + of(live.counters), 0);
const zero: [string, number][] = [
  ["reconnects", sum(({ reconnects }) => reconnects)],
  ["duplicates", sum(({ duplicates }) => duplicates)],
  ["undecodable", sum(({ undecodable }) => undecodable)],
  ["dropped", sum(({ dropped, framesDropped }) => dropped + framesDropped)],
  ["gaps", sum(({ events }) => events.gap ?? 0)],
  ["sockets closed", load.closed],
];
for (const [what, count] of zero) if (count !== 0) faults.push(`${what} ${count}`);
if (!(read > 0)) faults.push("nothing was read");

const result: RoomsResult = {
  ...{ idle, full, collected, peakRssKb, connectSeconds, fillSeconds, seconds: measuredMs / 1000 },
  cpu: (user + system) / 1000 / measuredMs,
  received: received - beforeLoad,
  ...{ load, p50Ms, p99Ms, worstMs, faults },
};
lives.forEach((live) => live.close());
lives = [];
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
