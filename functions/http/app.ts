import { Hono } from "hono";
import { AppError } from "../contract/errors.ts";
import {
  type BodySchema,
  docsRoute,
  healthRoute,
  type InputSchema,
  openApiRoute,
  type Route,
} from "../contract/routes.ts";
import type { Logger } from "../ports/logger.ts";
import { docsPage } from "./docs_page.ts";
import { STATUS_OF, toAppError, toProblem } from "./errors.ts";
import { requireLoopback } from "./loopback.ts";
import { addLookupRoutes, type LookupRoutes } from "./lookup_routes.ts";
import { type Answer, type Input, mount } from "./mount.ts";
import { addSystemRoutes, type SystemDeps } from "./system_routes.ts";

/** What an app is made of. A group of routes is there when its part is given, so that each process mounts its own. */
export interface AppOptions extends LookupRoutes {
  /** Watchlist and recordings. */
  system?: SystemDeps;
  /** `GET /openapi.json`, this document, and `GET /docs` */
  openApi?: unknown;
  logger: Logger;
  /** Refuse requests that another site's page may have sent; for a server that is bound to loopback. */
  loopbackOnly: boolean;
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
  const { logger } = options;
  const app = new Hono();
  const routes: Pick<Route, "method" | "path" | "summary">[] = [];
  const add = <P extends InputSchema, Q extends InputSchema, B extends BodySchema>(
    route: Route<P, Q, B>,
    handle: (input: Input<P, Q, B>) => Answer | Promise<Answer>,
  ) => {
    routes.push(route);
    mount(app, route, handle);
  };

  app.onError((error, c) => {
    const known = toAppError(error);
    const { code, message } = known;
    const fields = { method: c.req.method, path: c.req.path, code, message };
    if (code === "internal") logger.error("request_failed", { ...fields, error });
    else if (STATUS_OF[code] >= 500) logger.warn("request_failed", fields);
    return toProblem(known);
  });
  app.notFound((c) => toProblem(new AppError("not_found", `Find ${c.req.path}: the API has no such path`)));
  if (options.loopbackOnly) {
    app.use(async (c, next) => {
      requireLoopback(c.req.raw);
      await next();
    });
  }

  addLookupRoutes(add, options);
  const { system } = options;
  if (system !== undefined) addSystemRoutes(add, { ...system, logger });
  add(healthRoute, async () => {
    await system?.store.listWatches({ limit: 1 });
    return { body: { status: "ok" } };
  });
  const { openApi } = options;
  if (openApi !== undefined) {
    add(openApiRoute, () => ({ body: openApi }));
    add(docsRoute, docsPage);
  }
  app.get("/", () =>
    Response.json({
      name: "Roomtone",
      routes: routes.map(({ method, path, summary }) => ({ method: method.toUpperCase(), path, summary })),
    }));
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map((route) => route.method.toUpperCase());
    app.all(path.replaceAll(/\{(\w+)\}/g, ":$1"), (c) => {
      const error = new AppError("method_not_allowed", `Answer ${c.req.method} ${c.req.path}: wrong method`, {
        remedy: `Use ${methods.join(" or ")}`,
      });
      const response = toProblem(error);
      response.headers.set("allow", methods.join(", "));
      return response;
    });
  }
  return app;
}
