/**
 * The API itself.
 * @module
 */
import * as v from "valibot";
import { bodyProblems, defineRoute, inputProblems, nothing, notThere, problem } from "../route.ts";
import { CanaryReply, HealthReply, OpenApiReply } from "../schemas.ts";

/** `GET /health` */
export const healthRoute = defineRoute({
  method: "get",
  path: "/health",
  summary: "Whether the API and its store work",
  scope: "open",
  request: { params: nothing, query: nothing },
  responses: { 200: { description: "They do", body: HealthReply }, 500: problem("They do not") },
});

/** `GET /canary` */
export const canaryRoute = defineRoute({
  method: "get",
  path: "/canary",
  summary: "Facts of TikTok's protocol: how each stands, and how it was when all was well",
  scope: "read",
  request: { params: nothing, query: nothing },
  responses: {
    200: { description: "The facts, those that drifted first; none before the first look", body: CanaryReply },
  },
});

/** `POST /canary/accept` */
export const acceptCanaryRoute = defineRoute({
  method: "post",
  path: "/canary/accept",
  summary: "Take what facts are now for how they should be: TikTok changed for good",
  request: {
    params: nothing,
    query: nothing,
    body: v.object({
      facts: v.optional(v.pipe(
        v.array(v.pipe(v.string("must be a name"), v.maxLength(200, "must have at most 200 characters"))),
        v.minLength(1, "must hold at least one name"),
        v.maxLength(500, "must hold at most 500 names"),
        v.description("Names of facts; without them, all that drifted"),
      )),
    }),
  },
  responses: {
    200: { description: "The facts as they stand now", body: CanaryReply },
    ...inputProblems,
    ...bodyProblems,
    ...notThere,
    409: problem("The canary looked at the same time: try again"),
  },
});

/** `GET /openapi.json` */
export const openApiRoute = defineRoute({
  method: "get",
  path: "/openapi.json",
  summary: "This description",
  scope: "open",
  request: { params: nothing, query: nothing },
  responses: { 200: { description: "An OpenAPI 3.1 document", body: OpenApiReply } },
});

/** `GET /docs` */
export const docsRoute = defineRoute({
  method: "get",
  path: "/docs",
  summary: "A page to read and try the API",
  scope: "open",
  request: { params: nothing, query: nothing },
  responses: { 200: { description: "The page", mediaType: "text/html" } },
});

/** `GET /metrics` */
export const metricsRoute = defineRoute({
  method: "get",
  path: "/metrics",
  summary: "Numbers about the process, for Prometheus",
  scope: "read",
  request: { params: nothing, query: nothing },
  responses: { 200: { description: "The numbers", mediaType: "text/plain" } },
});
