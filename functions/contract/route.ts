/**
 * What a route is, and the pieces that routes are written with.
 * @module
 */
import { isLiveError, normaliseUsername } from "@roomtone/sdk";
import * as v from "valibot";
import { QUALITIES } from "./quality.ts";
import type { RouteScope } from "./scopes.ts";
import { Problem } from "./schemas.ts";

/** Schema of named text inputs. A parameter that comes several times arrives as an array. */
export type InputSchema = v.GenericSchema<Record<string, string | string[]>, unknown>;

/** An answer that a route gives. */
export interface RouteResponse {
  description: string;
  /** Name in the API's description, for an answer that several routes give: there it is written once. */
  name?: string;
  /** Schema of the JSON body; without one the answer has no body, or the media type says what it is. */
  body?: v.GenericSchema;
  mediaType?: string;
}

/** Schema of a JSON body; of none by default. */
export type BodySchema = v.GenericSchema;

/** Schema of a route without a body. */
export type NoBody = v.UndefinedSchema<undefined>;

/** Answers by status. */
export type Responses = Readonly<Record<number, RouteResponse>>;

/** A route. */
export interface Route<
  P extends InputSchema = InputSchema,
  Q extends InputSchema = InputSchema,
  B extends BodySchema = BodySchema,
  R extends Responses = Responses,
> {
  method: "get" | "put" | "post" | "delete";
  /** Path with parameters in braces, such as `/watchlist/{username}`. */
  path: string;
  summary: string;
  /** What it asks of callers who are not on this machine. @default by {@link scopeOf} */
  scope?: RouteScope;
  /** What it takes. Parameters that no schema names are ignored. A body is JSON of at most 1 MiB. */
  request: { params: P; query: Q; body?: B };
  responses: R;
  /** Fields of its usual answer that come along with a failure. @param query as it was asked, unchecked */
  failureFields?: (query: Readonly<Record<string, string | string[]>>, detail: string) => Record<string, unknown>;
}

/** Types a route; gives it back as it is. */
export function defineRoute<
  P extends InputSchema,
  Q extends InputSchema,
  R extends Responses,
  B extends BodySchema = NoBody,
>(route: Route<P, Q, B, R>): Route<P, Q, B, R> {
  return route;
}

/** No parameters. */
export const nothing = v.object({});
/** A failure: problem+json. @param name see {@link RouteResponse} */
export const problem = (description: string, name?: string): RouteResponse => ({
  description,
  name,
  body: Problem,
  mediaType: "application/problem+json",
});

/** Failures that any route may have. */
export const inputProblems = {
  400: problem("A parameter is wrong; every wrong one is named", "WrongInput"),
  500: problem("An unexpected failure", "Unexpected"),
};

/** Failures that any route which asks TikTok may have. */
export const lookupProblems = {
  ...inputProblems,
  403: problem(
    "TikTok shows it to some people only: private, age_restricted, login_required. Or `forbidden`: not from here, or " +
      "not with this key",
    "NotShown",
  ),
  404: problem("TikTok knows no such user", "UnknownUser"),
  502: problem("TikTok's answer could not be used: protocol, network", "NoUse"),
  503: problem("TikTok or the signer refuses: captcha, blocked, rate_limited and the like; see retry_after", "Refused"),
  504: problem("No answer in time", "Late"),
};

/** What a caller gets who has the answer already. */
export const unchanged = {
  304: { description: "The answer is the one whose ETag came in If-None-Match", name: "Unchanged" },
};

/** Failures of a route that takes a body. */
export const bodyProblems = {
  413: problem("The body is larger than 1 MiB", "TooLarge"),
  415: problem("The body is not application/json", "WrongType"),
};

/** Failure of a route that names one thing. */
export const notThere = { 404: problem("It does not exist", "NotThere") };

/** What the API's description says of a parameter, and a value that it may have. */
export const about = <T>(description: string, example: unknown): v.MetadataAction<T, Told> =>
  v.metadata({ description, examples: [example] });
type Told = { description: string; examples: unknown[] };

/** A parameter that must not be repeated. */
export const one = v.string("must be given once");
/** Text with something in it. */
export const filled = v.pipe(one, v.trim(), v.nonEmpty("must not be empty"));
/** A whole number that stays text. */
export const digits = (least: number, most: number, description: string, example: number) =>
  v.pipe(
    one,
    v.trim(),
    v.regex(/^\d{1,16}$/, "must be a whole number"),
    v.check((text) => Number(text) >= least && Number(text) <= most, `must be ${least} to ${most}`),
    // How the API's description tells it.
    v.metadata({ type: "integer", minimum: least, maximum: most, description, examples: [example] }),
  );
/** A whole number. */
export const number = (least: number, most: number, description: string, example: number) =>
  v.pipe(digits(least, most, description, example), v.transform(Number));
/** Time stamps and the like; 0 is "from the start". */
export const cursorNumber = (description: string) => number(0, Number.MAX_SAFE_INTEGER, description, 1_656_812_667);
/** Id of a room, and of its recording. */
export const roomId = v.pipe(
  one,
  v.regex(/^[1-9]\d{0,19}$/, "must be a room id of 1 to 20 digits"),
  about("Id of the recording: that of its room", "7300000000000000001"),
);
/** What is wrong with a text that {@link canBeName} refuses. */
export const NO_NAME = "must be a name, @name or profile URL";
/** Names as people write them. Where a name is used, it is brought into its normal form. */
export const nameCheck = () => v.check(canBeName, NO_NAME);
/** A name in a path. */
export const usernameParams = v.object({
  username: v.pipe(v.string(), nameCheck(), about("Name, `@name` or profile URL, percent-encoded", "some.host")),
});
/** Parameters of lists. */
export const page = {
  limit: v.optional(number(1, 1_000, "Most entries of the page", 100), "100"),
  cursor: v.optional(
    v.pipe(
      filled,
      v.maxLength(200, "must be a cursor of an earlier page"),
      about("`cursor` of the page before; at most 200 characters", "c29tZS5ob3N0"),
    ),
  ),
};

/** A quality to record in. */
export const quality = v.picklist(QUALITIES, `must be one of ${QUALITIES.join(", ")}`);

/** Whether a text is a name, `@name` or profile URL. */
export function canBeName(typed: string): boolean {
  try {
    normaliseUsername(typed);
    return true;
  } catch (error) {
    if (isLiveError(error)) return false;
    throw error;
  }
}
