import * as v from "valibot";
import { jsonLogger } from "../../adapters/aws/json_logger.ts";
import { openClient } from "../../adapters/live/tiktok_client.ts";
import { tiktokLookup, tiktokMessages } from "../../adapters/live/tiktok_lookup.ts";
import { memoryAnswers } from "../../adapters/local/memory_answers.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, LocalConfig } from "../../contract/config.ts";
import { AnswerCache } from "../../core/answer_cache.ts";
import { laterLookup } from "../../core/later_lookup.ts";
import { RequestBudget } from "../../core/request_budget.ts";
import { Upstream } from "../../core/upstream.ts";
import { createApp } from "../../http/app.ts";
import openApi from "../../openapi.json" with { type: "json" };
import type { Random } from "../../ports/random.ts";
import { identityOf } from "../identity.ts";
import { envKeys } from "./env_keys.ts";

/** Settings of the Worker: bindings of `wrangler.toml` and its secrets. */
const WorkerConfig = v.object({
  ...v.pick(LocalConfig, [
    "tiktokWebUrl",
    "tiktokWebcastUrl",
    "tiktokSocketUrl",
    "tiktokTtwidUrl",
    "tiktokRequestsPerMinute",
    "tiktokRequestBurst",
    "tiktokCookies",
    "eulerKey",
    "eulerUrl",
    "sendMessages",
    "mediaHosts",
    "corsOrigins",
  ]).entries,
  /** API keys as `id:hash:scope+scope`, separated by commas. */
  apiKeys: v.optional(v.string(), ""),
});

/** What a Worker answers: what comes from TikTok, and about itself. */
const ANSWERED = /^\/(api|tiktok)\/|^\/(health|openapi\.json|docs)$/;
const description = {
  ...openApi,
  paths: Object.fromEntries(Object.entries(openApi.paths).filter(([path]) => ANSWERED.test(path))),
};

/** Answers that an isolate keeps; it has 128 MB for everything. */
const MAX_ANSWERS = 1_000;

// deno-lint-ignore no-console -- a Worker's log is its console
const logger = jsonLogger((line) => console.log(line), systemClock);

/**
 * Answers each request of one set of bindings. A request may not wait for what another one began, which may be gone by
 * then. So they share numbers and answers, and nothing that is under way: the budget gives a turn at once or not at
 * all, and each look-up has a client of its own, all of which are the same visitor.
 */
function answerer(
  env: Readonly<Record<string, string | undefined>>,
): (request: Request) => Response | Promise<Response> {
  const { apiKeys, corsOrigins, sendMessages, ...config } = loadConfig(WorkerConfig, env);
  const { tiktokRequestsPerMinute: requestsPerMinute, tiktokRequestBurst: burst } = config;
  const clock = systemClock;
  const random = Math.random;
  const budget = new RequestBudget({ requestsPerMinute, burst, clock, random, maxWaitMs: 0 });
  const seed = random() * 2 ** 32;
  const open = () => openClient(config, budget, { ...identityOf(config), random: numbersFrom(seed) });
  const each = laterLookup(() => Promise.resolve(tiktokLookup(open())));
  const upstream = new Upstream({ lookup: each, budget, clock, random });
  const store = memoryAnswers(clock, MAX_ANSWERS);
  const keys = { store: envKeys(apiKeys), clock };
  return (request) => {
    const deps = { lookup: upstream.prompt, clock };
    const lives = { ...deps, sender: sendMessages ? upstream.messages(tiktokMessages(open())) : undefined };
    const routes = { links: deps, userInfo: deps, followings: deps, lives };
    const cache = new AnswerCache({ store, clock, logger });
    return createApp({ ...routes, cache, openApi: description, logger, loopbackOnly: false, keys, corsOrigins })
      .fetch(request);
  };
}

/** Random numbers that come again in the same order (mulberry32). */
function numbersFrom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The API as a Cloudflare Worker: look-ups, their description and `/health`. */
function makeWorker() {
  const answerers = new WeakMap<object, ReturnType<typeof answerer>>();
  return {
    fetch(request: Request, env: Readonly<Record<string, string | undefined>>): Response | Promise<Response> {
      const known = answerers.get(env) ?? answerer(env);
      answerers.set(env, known);
      return known(request);
    },
  };
}

export default makeWorker();
