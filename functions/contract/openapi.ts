/**
 * The API's description as an OpenAPI 3.1 document, made from the schemas that the routes check with.
 * @module
 */
import { type ConversionConfig, type JsonSchema, toJsonSchema, toJsonSchemaDefs } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { BODIES, PROBLEMS, REQUESTS, TEXTS } from "./examples.ts";
import { scopeOf } from "./scopes.ts";
import { problem, type Route, type RouteResponse } from "./route.ts";

export type { JsonSchema };

/** A description of the API, as far as it is looked into. */
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description?: string; license?: { name: string; identifier: string } };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  /** Operations by path and method. */
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, JsonSchema>;
    responses: Record<string, ResponseObject>;
    securitySchemes: Record<string, Record<string, string>>;
  };
  security: Record<string, string[]>[];
}

/** One method of one path. */
export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, ResponseObject | Reference>;
  security?: Record<string, string[]>[];
}

/** A parameter of an operation. */
export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  description?: string;
  example?: unknown;
  required: boolean;
  style?: "form";
  /** Values of an array each come with the name before them. */
  explode?: boolean;
  schema: JsonSchema;
}

/** Where something that is written once is to be found, such as `#/components/responses/NotThere`. */
export interface Reference {
  $ref: string;
}

/** An answer of an operation. */
export interface ResponseObject {
  description: string;
  headers?: Record<string, { description: string; schema: JsonSchema }>;
  content?: Content;
}

type Content = Record<string, { schema: JsonSchema; example?: unknown }>;

/** What the document is made from. */
export interface OpenApiSource {
  version: string;
  /** Routes by name; `getWatchRoute` becomes the operation `getWatch`. */
  routes: Readonly<Record<string, Route>>;
  /** Schemas that are written once and referred to by name. */
  schemas: Readonly<Record<string, v.GenericSchema>>;
}

const TAGS = [
  { name: "Lookups", start: /^\/(api|tiktok)\//, description: "What TikTok says now" },
  { name: "Watchlist", start: /^\/watchlist/, description: "Names that are watched and recorded" },
  { name: "Recordings", start: /^\/recordings/, description: "Recordings, their events and their video" },
  { name: "System", start: /^\//, description: "The API itself" },
];

const RETRY_AFTER = {
  "Retry-After": { description: "Seconds to wait, where that is known", schema: { type: "integer" as const } },
};

/** Statuses that tell when to come again. */
const RETRIED = [429, 503];

const METHODS: Route["method"][] = ["get", "put", "post", "delete"];

/** Answers of what stands before every route. */
const GUARDS = { 403: problem("Not from here, or not with this key", "NotAllowed") };
const KEY_GUARDS = {
  401: problem("A key is needed, or is unknown", "NoKey"),
  429: problem("The key's limit is reached; see retry_after", "KeyLimit"),
};

/**
 * Describes routes.
 * @returns the document; equal input gives an equal one
 * @throws Error when a schema cannot be written as JSON Schema
 */
export function openApiDocument({ version, routes, schemas }: OpenApiSource): OpenApiDocument {
  const config: ConversionConfig = {
    target: "draft-2020-12",
    typeMode: "input",
    definitions: schemas,
    // What they say is told in words: JSON Schema has none for it.
    ignoreActions: ["trim", "check", "partial_check", "to_lower_case"],
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === "regex" ? { ...jsonSchema, pattern: patternOf(valibotAction) } : undefined,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  };
  const schemaOf = (schema: v.GenericSchema): JsonSchema => {
    const { $schema: _schema, $defs: _defs, ...rest } = toJsonSchema(schema, config);
    return rest;
  };
  const shared: Record<string, ResponseObject> = {};
  const answerOf = (status: number, response: RouteResponse): ResponseObject | Reference => {
    const answer = responseOf(status, response, schemaOf);
    if (response.name === undefined) return answer;
    shared[response.name] ??= answer;
    return { $ref: `#/components/responses/${response.name}` };
  };
  const paths: OpenApiDocument["paths"] = {};
  for (const [name, route] of Object.entries(routes).sort(([, a], [, b]) => byPlace(a, b))) {
    const operations = paths[route.path] ??= {};
    operations[route.method] = operationOf(name.replace(/Route$/, ""), route, schemaOf, answerOf);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Roomtone",
      version,
      description: "Stream links, profiles and recordings of TikTok LIVE. Times are ms since 1970, ids are strings. " +
        "Every failure is a problem+json whose `code` is of one list, the schema `ErrorCode`. Every answer has an " +
        "`x-request-id`; answers to a key have `RateLimit` headers.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: TAGS.map(({ name, description }) => ({ name, description })),
    paths,
    components: {
      schemas: withExamples(toJsonSchemaDefs(schemas, config)),
      responses: Object.fromEntries(Object.entries(shared).sort(([a], [b]) => a < b ? -1 : 1)),
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        bearer: { type: "http", scheme: "bearer", description: "The same API key as `Authorization: Bearer`" },
      },
    },
    // Without a key only where the server listens on loopback.
    security: [{ apiKey: [] }, { bearer: [] }, {}],
  };
}

/** In the order of the tags, then of the paths. */
function byPlace(a: Route, b: Route): number {
  const place = ({ path, method }: Route) => `${tagIndex(path)} ${path} ${METHODS.indexOf(method)}`;
  const [first, second] = [place(a), place(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function tagIndex(path: string): number {
  return TAGS.findIndex(({ start }) => start.test(path));
}

function operationOf(
  operationId: string,
  route: Route,
  schemaOf: (schema: v.GenericSchema) => JsonSchema,
  answerOf: (status: number, response: RouteResponse) => ResponseObject | Reference,
): Operation {
  const { path, summary, request } = route;
  const parameters = [
    ...parametersOf("path", schemaOf(request.params)),
    ...parametersOf("query", schemaOf(request.query)),
  ];
  const tag = TAGS[tagIndex(path)];
  const scope = scopeOf(route);
  const open = scope === "open";
  const responses = { ...GUARDS, ...(open ? undefined : KEY_GUARDS), ...route.responses };
  return {
    operationId,
    tags: tag === undefined ? [] : [tag.name],
    summary,
    description: open ? undefined : `Elsewhere than on loopback it needs a key with the scope \`${scope}\`.`,
    parameters: parameters.length > 0 ? parameters : undefined,
    requestBody: request.body === undefined ? undefined : {
      required: true,
      content: { "application/json": { schema: schemaOf(request.body), example: REQUESTS[operationId] } },
    },
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [status, answerOf(Number(status), response)]),
    ),
    security: open ? [] : undefined,
  };
}

/** Answers are shown by their schemas: an answer that several routes give is shown once. */
function withExamples(schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const examples: Readonly<Record<string, unknown>> = BODIES;
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      name in examples ? { ...schema, examples: [examples[name]] } as JsonSchema : schema,
    ]),
  );
}

/** The properties of an object schema as parameters. */
function parametersOf(place: "path" | "query", { properties = {}, required = [] }: JsonSchema): Parameter[] {
  return Object.entries(properties).map(([name, property]): Parameter => {
    const { description, examples, ...schema } = typeof property === "boolean" ? {} : textOf(property);
    const [example] = Array.isArray(examples) ? examples : [];
    const base = { name, in: place, description, example, required: place === "path" || required.includes(name) };
    return schema.type === "array" ? { ...base, style: "form", explode: true, schema } : { ...base, schema };
  });
}

/**
 * A parameter's schema as its text reads: what comes once or several times is an array, digits are a number.
 */
function textOf(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  const array = anyOf?.find((each) => typeof each === "object" && each.type === "array");
  if (typeof array === "object") return { ...array, ...rest };
  if (schema.type !== "integer") return schema;
  return { ...schema, pattern: undefined, default: schema.default === undefined ? undefined : Number(schema.default) };
}

function responseOf(
  status: number,
  { description, body, mediaType = "application/json" }: RouteResponse,
  schemaOf: (schema: v.GenericSchema) => JsonSchema,
): ResponseObject {
  const schema = body === undefined ? { type: "string" as const } : schemaOf(body);
  const empty = body === undefined && mediaType === "application/json";
  const problem = PROBLEMS[status];
  const failed = problem && { status, ...problem, ...RETRIED.includes(status) && { retry_after: 60 } };
  return {
    description,
    headers: RETRIED.includes(status) ? RETRY_AFTER : undefined,
    content: empty ? undefined : { [mediaType]: { schema, example: TEXTS[mediaType] ?? failed } },
  };
}

/** JSON Schema's patterns have no flags: an `i` is written out. */
function patternOf(action: { type: string; requirement?: unknown }): string {
  const { requirement } = action;
  if (!(requirement instanceof RegExp)) throw new TypeError("Describe a pattern: it is no RegExp");
  if (requirement.flags.replace("i", "") !== "") {
    throw new TypeError(`Describe the pattern ${requirement}: JSON Schema has no such flags`);
  }
  return requirement.ignoreCase ? requirement.source.replaceAll("a-z", "A-Za-z") : requirement.source;
}
