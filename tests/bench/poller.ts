/**
 * The poller with 10,000 names: its own CPU for one pass, how late names are checked within a request budget, and how
 * soon a live of the stand-in is on the disk.
 *
 * `npm run bench -- poller`. Exits with 1 when a target is missed.
 * @module
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { loadConfig, LocalConfig, startLocal } from "@roomtone/functions/local";
import { dynamoStore } from "../../functions/adapters/aws/dynamo_store.ts";
import { sqliteStore } from "../../functions/adapters/local/sqlite_store.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { pollOptions, pollWatchlist } from "../../functions/core/poll_watchlist.ts";
import type { Store } from "../../functions/ports/store.ts";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../engines/dynamodb_table.ts";
import { FakeLookup } from "../fakes/fake_lookup.ts";
import { wayTo } from "../fakes/fake_tiktok.ts";
import { startStandin } from "../standin/mod.ts";
import { pollForHours } from "./poller_hours.ts";

const WATCHES = 10_000;
/** DynamoDB Local takes a millisecond for each write, so it gets a part of them. */
const DYNAMO_WATCHES = 1_000;
/** Part of the hosts who are live. */
const LIVE = 0.03;
const MAX_CPU_S = 2;
const HOURS = 2;
/** The stated budget of 10,000 names at ten minutes: 1,000 checks a minute, and the haste of those that are due to go live. */
const BUDGET = { requestsPerMinute: 1_800, burst: 60 };
const INTERVAL_MS = 600_000;
const MAX_PARTS = 2;
const LIVES = 8;
const LIVE_INTERVAL_MS = 2_000;
const MAX_AFTER_INTERVAL_MS = 2_000;

const settings = loadConfig(LocalConfig, {});
const quiet = { info() {}, warn() {}, error() {} };
let anyMissed = false;

function row(what: string, value: string, target = "", met = true): void {
  anyMissed ||= !met;
  process.stdout.write(`${what.padEnd(58)} ${value.padStart(26)}   ${target.padEnd(10)} ${met ? "" : "MISSED"}\n`);
}

/** CPU of one pass over a watchlist of which every name is due, with answers that cost nothing, seconds. */
async function passCpu(store: Store, watches: number): Promise<{ cpuS: number; wallS: number; wanted: number }> {
  const lookup = new FakeLookup();
  const now = Date.now();
  for (let i = 0; i < watches; i++) {
    const name = `some.host.${i}`;
    await store.putWatch(name, now);
    if (i % Math.round(1 / LIVE) === 0) lookup.live(name, String(7_300_000_000 + i));
    else lookup.offline(name);
  }
  const deps = {
    ...{ store, clock: systemClock, random: Math.random, logger: quiet },
    // The fake looks through all of its answers for rooms; those of the first pass are not asked for.
    ...wayTo(lookup, { clock: systemClock, requestsPerMinute: 60_000_000, burst: watches }),
    launcher: { ensureCapacity: () => Promise.resolve() },
  };
  const wallBefore = performance.now();
  const before = process.cpuUsage();
  const { checked, wanted } = await pollWatchlist(deps, { ...pollOptions(settings), tickMs: 1_000 });
  const { user, system } = process.cpuUsage(before);
  if (checked !== watches) throw new Error(`${checked} of ${watches} names were checked`);
  return { cpuS: (user + system) / 1e6, wallS: (performance.now() - wallBefore) / 1_000, wanted };
}

async function passes(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-bench-poller-"));
  const store = sqliteStore(join(folder, "roomtone.db"));
  try {
    const { cpuS, wallS, wanted } = await passCpu(store, WATCHES);
    row(
      `one pass over ${WATCHES} names, ${wanted} live, SQLite: CPU`,
      `${cpuS.toFixed(2)} s (${wallS.toFixed(1)} s)`,
      `<= ${MAX_CPU_S} s`,
      cpuS <= MAX_CPU_S,
    );
  } finally {
    store.close();
    rmSync(folder, { recursive: true });
  }
  const { engine, skipped } = await startDynamoDbLocal();
  if (engine === undefined) return row("the same on DynamoDB Local", skipped);
  const client = localDynamoDb(engine.endpoint);
  try {
    await createTable(client, "bench");
    const dynamo = dynamoStore({ client, name: "bench", clock: systemClock, random: Math.random });
    const { cpuS, wallS, wanted } = await passCpu(dynamo, DYNAMO_WATCHES);
    row(
      `one pass over ${DYNAMO_WATCHES} names, ${wanted} live, DynamoDB Local: CPU`,
      `${cpuS.toFixed(2)} s (${wallS.toFixed(1)} s)`,
    );
  } finally {
    client.destroy();
    await engine.stop();
  }
}

/** @param imported how many of the names come at once after an hour */
async function hours(imported: number): Promise<void> {
  const seed = process.argv[2] ?? String(Date.now());
  const poll = { ...pollOptions(settings), intervalMs: INTERVAL_MS, tickMs: 1_000 };
  const { checks, requests, lives, missed, worstParts, slowestFindMs } = await pollForHours({
    ...{ watches: WATCHES - imported, imported, hours: HOURS, ...BUDGET, answerMs: 300, poll, seed },
  });
  row(
    `${WATCHES} names at ${
      INTERVAL_MS / 60_000
    } min, ${imported} of them imported at once, ${BUDGET.requestsPerMinute} requests/min`,
    `${worstParts.toFixed(2)} intervals`,
    `<= ${MAX_PARTS}`,
    worstParts <= MAX_PARTS,
  );
  row("  lives of two intervals and more without a recording", `${missed} of ${lives}`, "0", missed === 0);
  process.stdout.write(
    `  worst time between two checks of a name; ${HOURS} h, ${checks} checks by ${requests} requests; slowest find ${
      (slowestFindMs / 60_000).toFixed(1)
    } min; seed ${seed}\n`,
  );
}

/** Bytes of video in the folders of a host's recordings. */
function videoBytes(dir: string, host: string): number {
  let bytes = 0;
  for (const folder of readdirSync(dir).filter((name) => name.includes(host))) {
    for (const file of readdirSync(join(dir, folder), { recursive: true, encoding: "utf8" })) {
      if (/\.(m4s|mp4)(\.tmp)?$/.test(file)) {
        bytes += statSync(join(dir, folder, file), { throwIfNoEntry: false })?.size ?? 0;
      }
    }
  }
  return bytes;
}

async function firstBytes(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "roomtone-bench-live-"));
  const standin = await startStandin({ seed: "bench-poller" });
  await standin.prepareMedia();
  const config = loadConfig(LocalConfig, {
    ROOMTONE_PORT: "0",
    ROOMTONE_DATA_DIR: dataDir,
    ROOMTONE_POLL_INTERVAL_MS: String(LIVE_INTERVAL_MS),
    // Four names a second, and what the recorders ask.
    ROOMTONE_TIKTOK_REQUESTS_PER_MINUTE: "3000",
    ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
    ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
    ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
    ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
  });
  const system = await startLocal(config, { logger: quiet });
  try {
    const names = Array.from({ length: LIVES }, (_, i) => `bench.host${i}x`);
    for (const each of names) {
      standin.room(each);
      await system.store.putWatch(each, Date.now());
    }
    await systemClock.sleep(LIVE_INTERVAL_MS);
    const times: number[] = [];
    for (const name of names) {
      await systemClock.sleep(Math.random() * LIVE_INTERVAL_MS);
      standin.room(name).startLive();
      const startedAt = performance.now();
      while (videoBytes(system.recordingsDir, name) === 0) {
        if (performance.now() - startedAt > 30_000) throw new Error(`${name} is not recorded`);
        await systemClock.sleep(10);
      }
      times.push(performance.now() - startedAt);
      standin.room(name).endLive();
    }
    const worst = Math.max(...times);
    const median = times.toSorted((a, b) => a - b)[Math.floor(LIVES / 2)] ?? NaN;
    row(
      `live to first stored byte, ${LIVES} lives, polled each ${LIVE_INTERVAL_MS / 1_000} s: worst (median)`,
      `${(worst / 1_000).toFixed(2)} s (${(median / 1_000).toFixed(2)} s)`,
      `<= ${(LIVE_INTERVAL_MS + MAX_AFTER_INTERVAL_MS) / 1_000} s`,
      worst <= LIVE_INTERVAL_MS + MAX_AFTER_INTERVAL_MS,
    );
  } finally {
    await system.stop();
    await standin.stop();
    rmSync(dataDir, { recursive: true });
  }
}

await passes();
await hours(1_000);
await hours(8_000);
await firstBytes();
process.exit(anyMissed ? 1 : 0);
