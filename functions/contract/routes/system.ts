/**
 * The API itself.
 * @module
 */
import { defineRoute, nothing, problem } from "../route.ts";
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
