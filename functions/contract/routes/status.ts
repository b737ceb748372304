/**
 * The system at work, and what it logged.
 * @module
 */
import * as v from "valibot";
import { about, defineRoute, inputProblems, nothing, notThere, number, one, problem, roomId } from "../route.ts";
import { RecordingLogReply, SystemReply } from "../schemas.ts";

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

/** `GET /recordings/{id}/log` */
export const recordingLogRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}/log",
  summary: "What the system logged about a recording: parts, gaps, trouble with the store, uploads, its end",
  request: {
    params: v.object({ id: roomId }),
    query: v.object({
      after: v.optional(
        v.pipe(
          one,
          v.regex(/^(\d{15}-[a-z0-9]{1,40}-\d{4})?$/, "must be `after` of an earlier page"),
          about("`after` of the page before", "001760000001000-k3v9q1000000-0000"),
        ),
        "",
      ),
      limit: v.optional(number(1, 1_000, "Most lines of the page", 200), "200"),
    }),
  },
  responses: {
    200: {
      description: "Lines in the order in which they were stored; none when there are no more",
      body: RecordingLogReply,
    },
    ...inputProblems,
    ...notThere,
  },
});
