/**
 * The system at work.
 * @module
 */
import { defineRoute, nothing, problem } from "../route.ts";
import { SystemReply } from "../schemas.ts";

/** `GET /system` */
export const systemRoute = defineRoute({
  method: "get",
  path: "/system",
  summary: "The system at work: ways to TikTok, recorders and their slots, disk, trouble of the last minutes",
  request: { params: nothing, query: nothing },
  responses: {
    200: { description: "What is known here; what other processes know is left out", body: SystemReply },
    500: problem("The store does not work"),
  },
});
