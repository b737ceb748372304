/**
 * The API itself.
 * @module
 */
import { defineRoute, nothing, problem } from "../route.ts";
import { HealthReply } from "../schemas.ts";

/** `GET /health` */
export const healthRoute = defineRoute({
  method: "get",
  path: "/health",
  summary: "Whether the API and its store work",
  scope: "open",
  request: { params: nothing, query: nothing },
  responses: { 200: { description: "They do", body: HealthReply }, 500: problem("They do not") },
});
