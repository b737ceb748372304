/**
 * The HTTP API's own cost: what it adds to TikTok's answer, how soon a Lambda function answers after its start, how many
 * answers out of the cache it gives beside bare Hono, and how it stands 200 callers.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Fetch, TikTok } from "@roomtone/sdk";
import { Hono } from "hono";
import { tiktokLookup } from "../../functions/adapters/live/tiktok_lookup.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { createApp } from "../../functions/http/app.ts";
import { buildLambda, bundle, LAMBDA_OPTIONS } from "../../scripts/build_functions.ts";
import { node24, ROOT } from "../../scripts/tools.mjs";
import { apiGatewayEvent } from "../fakes/lambda_events.ts";
import { type Standin, startStandin } from "../standin/mod.ts";
import { load } from "./api_load.ts";

const MAX_OWN_MS = 1;
const MAX_COLD_RATIO = 1.3;
const MIN_CACHED_RATIO = 0.7;
const HOSTS = 150;
const COLD_STARTS = 15;
const CACHED_REQUESTS = 20_000;
const CACHED_ROUNDS = 5;

const quiet = { info() {}, warn() {}, error() {} };

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function row(what: string, value: string, target: string, met: boolean): void {
  process.stdout.write(`${what.padEnd(52)} ${value.padStart(24)}   ${target.padEnd(10)} ${met ? "" : "MISSED"}\n`);
}

/** Time of each request in which nobody waited for the stand-in. */
async function ownTimes(standin: Standin): Promise<number[]> {
  let waitedMs = 0;
  const timedFetch: Fetch = async (url, init) => {
    const started = performance.now();
    const response = await fetch(url, init);
    const body = await response.arrayBuffer();
    waitedMs += performance.now() - started;
    const copy = new Response(body, response);
    Object.defineProperty(copy, "url", { value: response.url });
    return copy;
  };
  const tiktok = new TikTok({ baseUrls: standin.baseUrls, fetch: timedFetch });
  const app = createApp({
    links: { lookup: tiktokLookup(tiktok), clock: systemClock },
    logger: quiet,
    loopbackOnly: true,
  });
  const times: number[] = [];
  for (let index = 0; index < HOSTS; index++) {
    waitedMs = 0;
    const started = performance.now();
    const response = await app.request(`http://127.0.0.1/api/links?usernames[]=own.${index}`);
    await response.text();
    if (response.status !== 200) throw new Error(`own.${index} got ${response.status}`);
    times.push(performance.now() - started - waitedMs);
  }
  return times;
}

/** Process start to first answer, ms, on Node 24, one beside the other. */
function coldStarts(standin: Standin): { ours: number; bare: number } {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  // Below the clone, so that both find the AWS SDK, which Lambda has at hand for its functions.
  const folder = mkdtempSync(join(ROOT, "dist", "bench-"));
  try {
    const ours = join(folder, "links", "index.mjs");
    const bare = join(folder, "bare", "index.mjs");
    buildLambda("links", ours);
    bundle(join(ROOT, "tests", "bench", "api_cold_hono.ts"), bare, LAMBDA_OPTIONS);
    const event = JSON.stringify(apiGatewayEvent("GET", "/health"));
    const env = {
      AWS_REGION: "local",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      ROOMTONE_TABLE_NAME: "bench",
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
    };
    const start = (file: string): number => {
      const script = `const { handler } = await import(${JSON.stringify(file)});
        const { statusCode } = await handler(${event}, {});
        if (statusCode !== 200) throw new Error("got " + statusCode);
        process.exit(0);`;
      const began = performance.now();
      const { status, stderr } = spawnSync(node24(), ["--input-type=module", "-e", script], { cwd: folder, env });
      if (status !== 0) throw new Error(`${file}: ${stderr}`);
      return performance.now() - began;
    };
    node24();
    const times = Array.from({ length: COLD_STARTS }, () => ({ ours: start(ours), bare: start(bare) }));
    return { ours: median(times.map((each) => each.ours)), bare: median(times.map((each) => each.bare)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Answers a second of an app, in process, one after the other. */
async function rate(app: { request(url: string): Response | Promise<Response> }, url: string): Promise<number> {
  const started = performance.now();
  for (let index = 0; index < CACHED_REQUESTS; index++) await (await app.request(url)).text();
  return CACHED_REQUESTS / ((performance.now() - started) / 1000);
}

/** Links out of the cache, beside bare Hono that answers the same text. */
async function cachedRates(standin: Standin): Promise<{ ours: number; bare: number }> {
  const tiktok = new TikTok({ baseUrls: standin.baseUrls });
  const app = createApp({
    links: { lookup: tiktokLookup(tiktok), clock: systemClock },
    logger: quiet,
    loopbackOnly: true,
  });
  const url = "http://127.0.0.1/api/links?usernames[]=own.0";
  const first = await app.request(url);
  if (first.status !== 200) throw new Error(`own.0 got ${first.status}`);
  const answer = await first.text();
  const hono = new Hono();
  hono.get("/api/links", (c) => {
    c.req.query("usernames[]");
    return c.body(answer, 200, { "content-type": "application/json" });
  });
  const rounds: { ours: number; bare: number }[] = [];
  for (let round = 0; round < CACHED_ROUNDS; round++) {
    rounds.push({ ours: await rate(app, url), bare: await rate(hono, url) });
  }
  return { ours: median(rounds.map((each) => each.ours)), bare: median(rounds.map((each) => each.bare)) };
}

const standin = await startStandin({ media: false, seed: "bench-api" });
try {
  for (let index = 0; index < HOSTS; index++) standin.room(`own.${index}`).startLive({ durationMs: 600_000 });
  const own = median(await ownTimes(standin));
  row("/api/links, own time, median", `${own.toFixed(3)} ms`, `<= ${MAX_OWN_MS} ms`, own <= MAX_OWN_MS);
  const cold = coldStarts(standin);
  const coldRatio = cold.ours / cold.bare;
  row(
    "links on Lambda, process start to first answer",
    `${cold.ours.toFixed(0)} ms : ${cold.bare.toFixed(0)} ms = ${coldRatio.toFixed(2)}`,
    `<= ${MAX_COLD_RATIO}`,
    coldRatio <= MAX_COLD_RATIO,
  );
  const cached = await cachedRates(standin);
  const cachedRatio = cached.ours / cached.bare;
  row(
    "cached links in process, requests/s beside bare Hono",
    `${cached.ours.toFixed(0)} : ${cached.bare.toFixed(0)} = ${cachedRatio.toFixed(2)}`,
    `>= ${MIN_CACHED_RATIO}`,
    cachedRatio >= MIN_CACHED_RATIO,
  );
  const { requests, seconds, p50Ms, p99Ms, failed, statuses } = await load(standin);
  row(
    "200 callers, mixed routes, p50 / p99",
    `${p50Ms.toFixed(0)} ms / ${p99Ms.toFixed(0)} ms`,
    "0 failed",
    failed === 0,
  );
  process.stdout.write(
    `  ${requests} requests in ${seconds.toFixed(1)} s, ${failed} failed; ` +
      `${Object.entries(statuses).map(([status, count]) => `${status}: ${count}`).join(", ")}\n`,
  );
} finally {
  await standin.stop();
}
