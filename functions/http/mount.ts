import type { Hono } from "hono";
import * as v from "valibot";
import { AppError, type ParameterError } from "../contract/errors.ts";
import type { InputSchema, Route } from "../contract/routes.ts";

/** What a handler gets. */
export interface Input<P extends InputSchema, Q extends InputSchema> {
  params: v.InferOutput<P>;
  query: v.InferOutput<Q>;
  request: Request;
}

/** What a handler answers: a status and a JSON body, or a whole response. */
export type Answer = { status?: number; body?: unknown } | Response;

/**
 * Mounts a route: reads and checks its input, calls the handler, sends its answer.
 * @throws AppError `invalid_input`, to the app's error handler, that names every wrong parameter
 */
export function mount<P extends InputSchema, Q extends InputSchema>(
  app: Hono,
  route: Route<P, Q>,
  handle: (input: Input<P, Q>) => Answer | Promise<Answer>,
): void {
  app.on(route.method.toUpperCase(), route.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => {
    const params = v.safeParse(route.request.params, c.req.param() as Record<string, string>);
    const query = v.safeParse(route.request.query, queryOf(c.req.url));
    if (!params.success || !query.success) throw wrongInput([...params.issues ?? [], ...query.issues ?? []]);
    const answer = await handle({ params: params.output, query: query.output, request: c.req.raw });
    if (answer instanceof Response) return answer;
    const { status = 200, body } = answer;
    if (body === undefined) return new Response(null, { status });
    return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
  });
}

/** Query parameters by name; one that comes several times as an array. */
function queryOf(url: string): Record<string, string | string[]> {
  const found = new Map<string, string | string[]>();
  const { searchParams } = new URL(url);
  for (const name of searchParams.keys()) {
    const values = searchParams.getAll(name);
    found.set(name, values.length === 1 && values[0] !== undefined ? values[0] : values);
  }
  return Object.fromEntries(found);
}

/** One entry for each wrong parameter: what is wrong with it first. */
function wrongInput(issues: v.BaseIssue<unknown>[]): AppError {
  const details = new Map<string, string>();
  for (const issue of issues) {
    const name = String(issue.path?.[0]?.key ?? "");
    if (!details.has(name)) details.set(name, issue.input === undefined ? "must be given" : issue.message);
  }
  const parameters = [...details].map(([name, detail]): ParameterError => ({ name, detail }));
  const all = parameters.map(({ name, detail }) => `${name} ${detail}`).join("; ");
  return new AppError("invalid_input", `Read the request: ${all}`, {
    remedy: "Correct these parameters and ask again",
    parameters,
  });
}
