import { TikTok } from "@roomtone/sdk";
import * as v from "valibot";
import { jsonLogger } from "../../adapters/aws/json_logger.ts";
import { tiktokLookup } from "../../adapters/live/tiktok_lookup.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, LocalConfig } from "../../contract/config.ts";
import { createApp } from "../../http/app.ts";
import openApi from "../../openapi.json" with { type: "json" };
import { envKeys } from "./env_keys.ts";

/** Settings of the Worker: bindings of `wrangler.toml` and its secrets. */
const WorkerConfig = v.object({
  ...v.pick(LocalConfig, ["tiktokWebUrl", "tiktokWebcastUrl", "tiktokSocketUrl", "tiktokTtwidUrl"]).entries,
  /** API keys as `id:hash:scope+scope`, separated by commas. */
  apiKeys: v.optional(v.string(), ""),
});

/** What a Worker answers: what comes from TikTok, and about itself. */
const ANSWERED = /^\/(api|tiktok)\/|^\/(health|openapi\.json|docs)$/;
const description = {
  ...openApi,
  paths: Object.fromEntries(Object.entries(openApi.paths).filter(([path]) => ANSWERED.test(path))),
};

// deno-lint-ignore no-console -- a Worker's log is its console
const logger = jsonLogger((line) => console.log(line), systemClock);

/** Answers each request of one set of bindings. */
function answerer(
  env: Readonly<Record<string, string | undefined>>,
): (request: Request) => Response | Promise<Response> {
  const { apiKeys, tiktokWebUrl, tiktokWebcastUrl, tiktokSocketUrl, tiktokTtwidUrl } = loadConfig(WorkerConfig, env);
  const baseUrls = { web: tiktokWebUrl, webcast: tiktokWebcastUrl, socket: tiktokSocketUrl, ttwid: tiktokTtwidUrl };
  const keys = { store: envKeys(apiKeys), clock: systemClock };
  return (request) => {
    // A Worker may not wait for what another request began, so no two share a client and the calls that it has open.
    const deps = { lookup: tiktokLookup(new TikTok({ baseUrls })), clock: systemClock };
    const routes = { links: deps, userInfo: deps, followings: deps, lives: deps };
    return createApp({ ...routes, openApi: description, logger, loopbackOnly: false, keys }).fetch(request);
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
