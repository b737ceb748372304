import type { Hono } from "hono";
import { acceptCanaryRoute, canaryRoute, docsRoute, openApiRoute } from "../contract/routes.ts";
import type { CanaryStore } from "../ports/canary.ts";
import { type BaseOptions, createBaseApp } from "./app_base.ts";
import { acceptFacts } from "../core/accept_canary.ts";
import { canaryReply, readCanary } from "./canary_handler.ts";
import type { ConsoleOptions } from "./console_page.ts";
import { docsPage } from "./docs_page.ts";
import { addLookupRoutes, type LookupRoutes } from "./lookup_routes.ts";
import type { AddRoute } from "./mount.ts";
import { addSystemRoutes, type SystemDeps } from "./system_routes.ts";

/** What an app is made of. A group of routes is there when its part is given, so that each process mounts its own. */
export interface AppOptions extends LookupRoutes, BaseOptions {
  /** Watchlist and recordings. */
  system?: SystemDeps;
  /** `GET /canary`, `POST /canary/accept` */
  canary?: CanaryStore;
  /** `GET /openapi.json`, this document, and `GET /docs` */
  openApi?: unknown;
  /** The page at `/`, for browsers; programs get the list of routes there. */
  console?: ConsoleOptions | undefined;
}

/**
 * The HTTP API. It runs wherever there are `Request` and `Response`.
 *
 * @example
 * ```ts
 * const app = createApp({ links: { lookup, clock }, logger, loopbackOnly: true });
 * const response = await app.request("/api/links?usernames[]=some.host");
 * ```
 */
export function createApp(options: AppOptions): Hono {
  const { system, canary, openApi, console, logger } = options;
  const groups = [
    (add: AddRoute) => addLookupRoutes(add, options),
    (add: AddRoute) => {
      if (system !== undefined) addSystemRoutes(add, { ...system, logger });
    },
    (add: AddRoute) => {
      if (canary === undefined) return;
      add(canaryRoute, async () => ({ body: await readCanary(canary) }));
      add(acceptCanaryRoute, async ({ body }) => ({ body: canaryReply(await acceptFacts(canary, body.facts)) }));
    },
    (add: AddRoute) => {
      if (openApi === undefined) return;
      let text: string | undefined;
      const headers = { "content-type": "application/json" };
      add(openApiRoute, () => new Response(text ??= JSON.stringify(openApi), { headers }));
      add(docsRoute, docsPage);
    },
  ];
  return createBaseApp(options, {
    groups,
    console,
    tryOut: () => Promise.resolve(system?.store.listWatches({ limit: 1 })),
  });
}

/** The part of the API that comes from TikTok, for a process that answers nothing else: its bundle holds no more. */
export function createLookupApp(options: LookupRoutes & BaseOptions): Hono {
  return createBaseApp(options, { groups: [(add) => addLookupRoutes(add, options)] });
}
