import type { Context } from "hono";
import * as v from "valibot";
import { AppError, type ParameterError } from "../contract/errors.ts";
import type { BodySchema, InputSchema, Route } from "../contract/routes.ts";
import type { Gate } from "./auth.ts";
import { readJson } from "./json_body.ts";
import type { Handler } from "./request_log.ts";

/** What a handler gets. */
export interface Input<P extends InputSchema, Q extends InputSchema, B extends BodySchema> {
  params: v.InferOutput<P>;
  query: v.InferOutput<Q>;
  body: v.InferOutput<B>;
  request: Request;
}

/** What a handler answers: a status and a JSON body, or a whole response. */
export type Answer = { status?: number; body?: unknown; headers?: Readonly<Record<string, string>> } | Response;

/**
 * Adds a route to an app.
 * @param atHand gives an answer that is ready, before the input is read
 */
export type AddRoute = <P extends InputSchema, Q extends InputSchema, B extends BodySchema>(
  route: Route<P, Q, B>,
  handle: (input: Input<P, Q, B>) => Answer | Promise<Answer>,
  atHand?: (request: Request) => Response | undefined,
) => void;

/**
 * Answers the requests of a route: lets them pass the gate, reads and checks their input, calls the handler, sends its
 * answer.
 * @param atHand gives an answer that is ready: it is sent behind the gate, before the input is read
 * @returns a handler that throws AppError `invalid_input`, `body_too_large`, `unsupported_media_type`; the first names
 *   every wrong parameter
 */
export function answerRoute<P extends InputSchema, Q extends InputSchema, B extends BodySchema>(
  route: Route<P, Q, B>,
  handle: (input: Input<P, Q, B>) => Answer | Promise<Answer>,
  gate: Gate,
  atHand?: (request: Request) => Response | undefined,
): Handler {
  const make = async (c: Context): Promise<Response> => {
    const asked = queryOf(c.req.url);
    try {
      return toResponse(await handle(await readInput(route, c.req.param(), asked, c.req.raw)));
    } catch (error) {
      const fields = error instanceof AppError ? route.failureFields?.(asked, error.message) : undefined;
      if (!(error instanceof AppError) || fields === undefined) throw error;
      throw new AppError(error.code, error.message, { ...error, fields: { ...fields, ...error.fields }, cause: error });
    }
  };
  const pass = (c: Context) => atHand?.(c.req.raw) ?? make(c);
  return (c) => {
    const passing = gate(c, route);
    return passing === undefined ? pass(c) : passing.then(() => pass(c));
  };
}

async function readInput<P extends InputSchema, Q extends InputSchema, B extends BodySchema>(
  route: Route<P, Q, B>,
  named: Record<string, string>,
  asked: Record<string, string | string[]>,
  request: Request,
): Promise<Input<P, Q, B>> {
  const params = v.safeParse(route.request.params, named);
  const query = v.safeParse(route.request.query, asked);
  const schema = route.request.body;
  const body = schema === undefined ? undefined : v.safeParse(schema, await readJson(request));
  if (!params.success || !query.success || body?.success === false) {
    throw wrongInput([...params.issues ?? [], ...query.issues ?? []], body?.issues ?? []);
  }
  return { params: params.output, query: query.output, body: body?.output, request };
}

function toResponse(answer: Answer): Response {
  if (answer instanceof Response) return answer;
  const { status = 200, headers = {}, body } = answer;
  if (body === undefined) return new Response(null, { status, headers });
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
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

/** One entry for each wrong parameter, and each wrong place in the body: what is wrong with it first. */
function wrongInput(inputs: v.BaseIssue<unknown>[], body: v.BaseIssue<unknown>[]): AppError {
  const details = new Map<string, string>();
  const add = (name: string, issue: v.BaseIssue<unknown>) => {
    if (!details.has(name)) details.set(name, issue.input === undefined ? "must be given" : issue.message);
  };
  for (const issue of inputs) add(String(issue.path?.[0]?.key ?? ""), issue);
  for (const issue of body) add(issue.path?.map(({ key }) => String(key)).join(".") ?? "body", issue);
  const parameters = [...details].map(([name, detail]): ParameterError => ({ name, detail }));
  const all = parameters.map(({ name, detail }) => `${name} ${detail}`).join("; ");
  return new AppError("invalid_input", `Read the request: ${all}`, {
    remedy: "Correct these parameters and ask again",
    parameters,
  });
}
