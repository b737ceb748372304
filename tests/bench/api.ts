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
import { lineLogger } from "../../functions/adapters/local/line_logger.ts";
import { memoryAnswers } from "../../functions/adapters/local/memory_answers.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { AnswerCache } from "../../functions/core/answer_cache.ts";
import { createApp } from "../../functions/http/app.ts";
import { prometheusMetrics } from "../../functions/adapters/local/prometheus_metrics.ts";
import { buildLambda, bundleLambda } from "../../scripts/build_functions.ts";
import { node24, ROOT } from "../../scripts/tools.mjs";
import { apiGatewayEvent } from "../fakes/lambda_events.ts";
import { type Standin, startStandin } from "../standin/mod.ts";
import { load } from "./api_load.ts";

const MAX_OWN_MS = 1;
const MAX_COLD_RATIO = 1.3;
const MIN_CACHED_RATIO = 0.7;
const HOSTS = 150;
const COLD_STARTS = 15;
/** Short and many, so that each side has its share of what else the machine does. */
const CACHED_REQUESTS = 3_000;
const CACHED_ROUNDS = 41;
/** Rounds in which the runtime still compiles. */
const WARM_UP_ROUNDS = 10;

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
    bundleLambda(join(ROOT, "tests", "bench", "api_cold_hono.ts"), bare);
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

/** Anything with Hono's `request`. */
interface App {
  request(url: string): Response | Promise<Response>;
}

/** Answers of an app, in process, one after the other, per second of this process's CPU time. */
async function rate(app: App, urls: readonly string[]): Promise<number> {
  const ask = async (url: string) => await (await app.request(url)).text();
  // Once each beforehand: what is measured is in the cache.
  for (const url of urls) await ask(url);
  const before = process.cpuUsage();
  for (let index = 0; index < CACHED_REQUESTS; index++) await ask(urls[index % urls.length] ?? "");
  const { user, system } = process.cpuUsage(before);
  return CACHED_REQUESTS / ((user + system) / 1e6);
}

/**
 * Links out of the cache, by the app as the local server has it: request ids, log lines (into nowhere), metrics, the
 * look at Host and Origin. Beside it a route of bare Hono that reads the name from the query and answers with the same
 * object out of a Map, and one that has the very text at hand.
 */
async function cachedRates(standin: Standin): Promise<{ ours: number; bare: number; text: number }> {
  const logger = lineLogger(() => {}, systemClock);
  const app = createApp({
    links: { lookup: tiktokLookup(new TikTok({ baseUrls: standin.baseUrls })), clock: systemClock },
    cache: new AnswerCache({ store: memoryAnswers(systemClock), clock: systemClock, logger }),
    logger,
    metrics: prometheusMetrics(),
    loopbackOnly: true,
  });
  const names = Array.from({ length: HOSTS }, (_, index) => `own.${index}`);
  const urls = names.map((name) => `http://127.0.0.1/api/links?usernames[]=${name}`);
  const texts = new Map<string, string>();
  for (const [index, url] of urls.entries()) {
    const response = await app.request(url);
    if (response.status !== 200) throw new Error(`${url} got ${response.status}`);
    texts.set(names[index] ?? "", await response.text());
  }
  const answers = new Map([...texts].map(([name, text]) => [name, JSON.parse(text)]));
  const bare = new Hono();
  bare.get("/api/links", (c) => {
    const answer = answers.get(c.req.query("usernames[]") ?? "");
    return answer === undefined ? c.json({ error: "User is not live" }) : c.json(answer);
  });
  const text = new Hono();
  text.get("/api/links", (c) => {
    const answer = texts.get(c.req.query("usernames[]") ?? "") ?? "";
    return c.body(answer, 200, { "content-type": "application/json" });
  });
  const rounds: { ours: number; bare: number; text: number }[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + CACHED_ROUNDS; round++) {
    rounds.push({ ours: await rate(app, urls), bare: await rate(bare, urls), text: await rate(text, urls) });
  }
  const of = (side: keyof (typeof rounds)[number]) => median(rounds.slice(WARM_UP_ROUNDS).map((each) => each[side]));
  return { ours: of("ours"), bare: of("bare"), text: of("text") };
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
  process.stdout.write(`  with the text at hand, bare Hono sends ${cached.text.toFixed(0)} a second\n`);
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
