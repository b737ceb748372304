import { type Context, Hono } from "hono";
import { AppError } from "../contract/errors.ts";
import { type BodySchema, healthRoute, type InputSchema, metricsRoute, type Route } from "../contract/routes.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics, MetricsPage } from "../ports/metrics.ts";
import { type GateOptions, makeGate } from "./auth.ts";
import { type ConsoleOptions, consolePage } from "./console_page.ts";
import { allowOrigins } from "./cors.ts";
import { STATUS_OF, toAppError, toProblem } from "./errors.ts";
import { requireLoopback } from "./loopback.ts";
import { type AddRoute, type Answer, answerRoute, type Input } from "./mount.ts";
import { type Handler, requestLog } from "./request_log.ts";

/** Methods of the routes. */
const METHODS = ["GET", "PUT", "POST", "DELETE"];

/** What every app is made of, whatever its routes. */
export interface BaseOptions {
  logger: Logger;
  /**
   * The server is bound to loopback: nobody needs a key, and requests that another site's page may have sent are
   * refused. Else every route that is not open needs a key out of `keys`.
   */
  loopbackOnly: boolean;
  keys?: GateOptions["keys"];
  /** Origins whose pages may call, such as `https://app.example`. @default none but the API's own */
  corsOrigins?: readonly string[];
  /** Counts and times the requests; those that are a page are answered at `GET /metrics`. */
  metrics?: Metrics | MetricsPage;
  /** Believe `x-forwarded-for`, for the log. @default false */
  trustForwarded?: boolean;
  /** Milliseconds that never go back, for timing. @default `performance.now` */
  now?: () => number;
  /** Makes request ids. @default `crypto.randomUUID` */
  newId?: () => string;
}

/** What an app answers beside its health. */
export interface AppContents {
  /** Its routes; each function adds some. */
  groups: readonly ((add: AddRoute) => void)[];
  /** The console, for browsers. */
  console?: ConsoleOptions | undefined;
  /** Tried when somebody asks for the app's health: what it throws is the answer. */
  tryOut?: () => Promise<unknown>;
}

/** An app of some groups of routes, with all that every request passes: log, gate, errors. */
export function createBaseApp(options: BaseOptions, { groups, console, tryOut }: AppContents): Hono {
  const { logger, loopbackOnly, corsOrigins = [], metrics } = options;
  const gate = makeGate({ loopbackOnly, keys: options.keys });
  const app = new Hono();
  const routes: Pick<Route, "method" | "path" | "summary">[] = [];
  const add = <P extends InputSchema, Q extends InputSchema, B extends BodySchema>(
    route: Route<P, Q, B>,
    handle: (input: Input<P, Q, B>) => Answer | Promise<Answer>,
    atHand?: (request: Request) => Response | undefined,
  ) => {
    routes.push(route);
    const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
    app.on(route.method.toUpperCase(), path, around(answerRoute(route, handle, gate, atHand)));
  };

  const fail = (error: unknown, c: Context): Response => {
    const known = toAppError(error);
    const { code, message } = known;
    const { requestId } = c.get("call");
    const fields = { method: c.req.method, path: c.req.path, code, message, requestId };
    if (code === "internal") logger.error("request_failed", { ...fields, error });
    else if (STATUS_OF[code] >= 500) logger.warn("request_failed", fields);
    return toProblem(known, requestId);
  };
  const guarded = (handle: Handler): Handler => (c) => {
    try {
      const answer = handle(c);
      return answer instanceof Promise ? answer.catch((error: unknown) => fail(error, c)) : answer;
    } catch (error) {
      return fail(error, c);
    }
  };
  const { now = () => performance.now(), newId = () => crypto.randomUUID(), trustForwarded = false } = options;
  const logged = requestLog({ logger, metrics, now, newId, trustForwarded });
  const shared = corsOrigins.length > 0 ? allowOrigins(corsOrigins) : (handle: Handler) => handle;
  // Not as middleware: Hono answers at once only where nothing but one handler takes the request.
  const around = (handle: Handler): Handler => {
    const inner = shared(guarded(handle));
    return logged(guarded((c) => {
      if (loopbackOnly) requireLoopback(c.req.raw, corsOrigins);
      return inner(c);
    }));
  };
  app.notFound(around((c) => {
    const { method, path } = c.req;
    const allowed = METHODS.filter((each) => app.router.match(each, path)[0].length > 0);
    if (allowed.length === 0) throw new AppError("not_found", `Find ${path}: the API has no such path`);
    const error = new AppError("method_not_allowed", `Answer ${method} ${path}: wrong method`, {
      remedy: `Use ${allowed.join(" or ")}`,
    });
    const response = toProblem(error, c.get("call").requestId);
    response.headers.set("allow", allowed.join(", "));
    return response;
  }));

  for (const group of groups) group(add);
  if (metrics !== undefined && "text" in metrics) {
    add(
      metricsRoute,
      async () => new Response(await metrics.text(), { headers: { "content-type": metrics.mediaType } }),
    );
  }
  add(healthRoute, async () => {
    await tryOut?.();
    return { body: { status: "ok" } };
  });
  const describe = () =>
    Response.json({
      name: "Roomtone",
      routes: routes.map(({ method, path, summary }) => ({ method: method.toUpperCase(), path, summary })),
    });
  app.get("/", around(async (c) => (console && await consolePage(console, c.req.raw)) ?? describe()));
  if (console !== undefined) {
    app.get(
      "/console/*",
      around(async (c) => {
        const file = await consolePage(console, c.req.raw);
        if (file === undefined) throw new AppError("not_found", `Find ${c.req.path}: the console has no such file`);
        return file;
      }),
    );
  }
  return app;
}
