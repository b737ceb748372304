import * as v from "valibot";
import { AppError, type AppErrorCode } from "../contract/errors.ts";
import { isLoopbackName } from "../contract/loopback_name.ts";
import type { BodySchema, InputSchema, Responses, Route } from "../contract/route.ts";
import * as routes from "../contract/routes.ts";
import { Problem } from "../contract/schemas.ts";

/** Options of {@link apiClient}. */
export interface ApiClientOptions {
  /** Address of the API, with the path that stands before its routes, if there is one: `https://api.example/live`. */
  url: string;
  /** The API key; a server on loopback takes none. It is sent to this address and to no other. */
  key?: string | undefined;
  /** @default the runtime's own */
  fetch?: (request: Request) => Promise<Response>;
  /** Longest wait for an answer, ms. @default 60,000 */
  timeoutMs?: number;
}

/** Options of one call. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

type Routes = typeof routes;
type Success = 200 | 201 | 202 | 204;
/** A part of the input: it may be left out when nothing in it must be there. */
type Part<N extends string, T> = [T] extends [undefined] ? unknown
  : object extends T ? { [K in N]?: T }
  : { [K in N]: T };

/** What a call of a route takes. */
type CallInput<P extends InputSchema, Q extends InputSchema, B extends BodySchema> =
  & Part<"params", v.InferInput<P>>
  & Part<"query", v.InferInput<Q>>
  & Part<"body", v.InferInput<B>>;

/** What a call of a route gives: its status, and the checked body. */
type Reply<R extends Responses> = {
  [S in keyof R & Success]: {
    status: S;
    body: R[S] extends { body: infer T extends v.GenericSchema } ? v.InferOutput<T> : undefined;
  };
}[keyof R & Success];

type Arguments<I> = object extends I ? [input?: I, options?: CallOptions] : [input: I, options?: CallOptions];

type Call<T> = T extends Route<infer P, infer Q, infer B, infer R>
  ? (...given: Arguments<CallInput<P, Q, B>>) => Promise<Reply<R>>
  : never;

/** Routes whose answer is JSON, or nothing. */
type IsJson<T> = T extends { responses: { 200: { mediaType: string } } } ? false : T extends Route ? true : false;

/** Calls whose answer is a file of text. */
type TextCalls = "recordingEventsJsonl" | "recordingEventsCsv" | "recordingChatVtt";

/** What a call gives whose answer is text. */
export interface TextReply {
  status: 200;
  body: string;
  /** `after` of the next call, when more follows: its text goes behind this one. */
  next: string | undefined;
}

/** The API: one method for each route that answers JSON, by the `operationId` that openapi.json has for it. */
export type ApiClient =
  & {
    [K in keyof Routes as IsJson<Routes[K]> extends true ? K extends `${infer Name}Route` ? Name : never : never]: Call<
      Routes[K]
    >;
  }
  & {
    [K in TextCalls]: Routes[`${K}Route`] extends Route<infer P, infer Q>
      ? (input: CallInput<P, Q, v.UndefinedSchema<undefined>>, options?: CallOptions) => Promise<TextReply>
      : never;
  };

interface AnyInput {
  params?: Record<string, string>;
  query?: Record<string, string | string[] | undefined>;
  body?: unknown;
}

/** For what a gateway before the API answers, which is no problem of this API. */
const CODE_OF: Readonly<Record<number, AppErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  413: "body_too_large",
  429: "too_many_requests",
  500: "network",
  502: "network",
  503: "network",
  504: "deadline",
};

/**
 * A client of a deployed API, made from the contract: it has no paths of its own, and believes no answer unchecked.
 * Its methods throw an AppError: the one that the API tells about, or `network`, `deadline`, `protocol`; and
 * `signal.reason` when the signal is aborted. It follows no redirect, and takes plain HTTP on this machine only.
 * @throws TypeError for an address or a key that cannot be used; it does not hold them
 *
 * @example
 * ```ts
 * const api = apiClient({ url: "https://api.example", key: process.env.ROOMTONE_KEY });
 * const { body } = await api.links({ query: { usernames: ["some.host", "other.host"] } });
 * ```
 */
export function apiClient(options: ApiClientOptions): ApiClient {
  const send = sender(options);
  const calls = Object.entries<unknown>(routes).filter(isRouteEntry).map(([name, route]) => [
    name.replace(/Route$/, ""),
    (input: AnyInput = {}, { signal }: CallOptions = {}) => call(send, route, input, signal),
  ]);
  return Object.fromEntries(calls) as ApiClient;
}

/** An answer; its text is empty when it is neither JSON nor a file of text. */
interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

type Send = (method: string, target: string, body: string | undefined, signal?: AbortSignal) => Promise<Answer>;

function sender({ url, key, fetch: ask = fetch, timeoutMs = 60_000 }: ApiClientOptions): Send {
  const base = URL.parse(url);
  if (base === null || (base.protocol !== "https:" && base.protocol !== "http:")) {
    throw new TypeError("The API's address must begin with https://");
  }
  if (base.username !== "" || base.password !== "" || base.search !== "" || base.hash !== "") {
    throw new TypeError("The API's address must have no user, no query and no fragment");
  }
  if (base.protocol === "http:" && !isLoopbackName(base.hostname)) {
    throw new TypeError("The API's address must begin with https://, except on this machine");
  }
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
    throw new TypeError("The API key must be letters, digits and signs, without spaces");
  }
  const prefix = base.href.replace(/\/+$/, "");
  return async (method, target, body, signal) => {
    const headers = new Headers({ accept: "application/json, application/problem+json" });
    if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
    if (body !== undefined) headers.set("content-type", "application/json");
    const late = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? late : AbortSignal.any([signal, late]);
    try {
      const response = await ask(
        new Request(`${prefix}${target}`, { method, headers, body, redirect: "manual", signal: either }),
      );
      // The body is read here, so that the signal ends a slow one, too.
      const text = isJson(response) || isText(response) ? await response.text() : "";
      if (!response.bodyUsed) await response.body?.cancel();
      const status = response.type === "opaqueredirect" ? 302 : response.status;
      return { status, headers: response.headers, text };
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (late.aborted) {
        const message = `Call ${base.host}: no answer within ${timeoutMs / 1000} s`;
        throw new AppError("deadline", message, { remedy: "Try again later", cause });
      }
      throw new AppError("network", `Call ${base.host}: it was not reached`, {
        remedy: "Check the address and the way to it",
        evidence: { systemError: systemError(cause) },
        cause,
      });
    }
  };
}

async function call(send: Send, route: Route, input: AnyInput, signal: AbortSignal | undefined) {
  const body = route.request.body === undefined ? undefined : JSON.stringify(input.body);
  const target = targetOf(route.path, input);
  const { status, headers, text } = await send(route.method.toUpperCase(), target, body, signal);
  if (status >= 300 && status < 400) {
    throw new AppError("protocol", `Call ${route.path}: the answer leads elsewhere, where the key does not go`, {
      remedy: "Give the address that it leads to",
      evidence: { status },
    });
  }
  if (status === 200 && isText({ headers })) {
    return { status, body: text, next: headers.get("x-next-after") ?? undefined };
  }
  if (status >= 400) throw failure(route.path, status, text, headers);
  const value = jsonOf(text);
  const expected = route.responses[status];
  if (expected?.body === undefined && expected !== undefined) return { status, body: undefined };
  const read = expected?.body === undefined ? undefined : v.safeParse(expected.body, value);
  if (!read?.success) {
    const issue = read?.issues[0];
    throw new AppError("protocol", `Call ${route.path}: the answer is not what the API says it answers`, {
      remedy: "Check that the address is that of a Roomtone API of this version",
      evidence: { status, at: issue === undefined ? undefined : v.getDotPath(issue) ?? undefined },
    });
  }
  return { status, body: read.output };
}

/** Path and query of a call. */
function targetOf(path: string, { params = {}, query = {} }: AnyInput): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name] ?? "";
    // URLs take these for steps to other places, also when they are escaped.
    if (value === "" || value === "." || value === "..") {
      throw new AppError("invalid_input", `Call ${path}: ${JSON.stringify(value)} is no ${name}`, {
        remedy: `Give a ${name}`,
      });
    }
    return encodeURIComponent(value);
  });
  const search = new URLSearchParams();
  for (const [name, given] of Object.entries(query)) {
    for (const value of given === undefined ? [] : [given].flat()) search.append(name, value);
  }
  return search.size === 0 ? filled : `${filled}?${search}`;
}

/**
 * The error that the API tells about, or the one that the status means.
 * @param path what was called, for the message
 * @param text the answer's body
 */
export function failure(path: string, status: number, text: string, headers: Headers): AppError {
  const problem = v.safeParse(Problem, jsonOf(text));
  if (problem.success) {
    const { code, detail, remedy, retry_after: seconds, evidence = {}, parameters, request_id: requestId } =
      problem.output;
    return new AppError(code, detail, {
      remedy,
      retryAfterMs: seconds === undefined ? undefined : seconds * 1000,
      evidence: { status, ...evidence, ...(requestId === undefined ? {} : { requestId }) },
      parameters,
    });
  }
  const seconds = Number(headers.get("retry-after") ?? NaN);
  return new AppError(CODE_OF[status] ?? "protocol", `Call ${path}: the server answers with status ${status}`, {
    remedy: "Check the address and the key; something before the API may have answered",
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined,
    evidence: { status },
  });
}

function isJson({ headers }: Response): boolean {
  return /^application\/([\w.-]+\+)?json\b/.test(headers.get("content-type") ?? "");
}

function isText({ headers }: Pick<Response, "headers">): boolean {
  return /^(text\/(csv|vtt)|application\/x-ndjson)\b/.test(headers.get("content-type") ?? "");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Such as ECONNREFUSED. */
function systemError(error: unknown): string | undefined {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
}

function isRouteEntry(entry: [string, unknown]): entry is [string, Route] {
  const [name, value] = entry;
  return name.endsWith("Route") && typeof value === "object";
}
