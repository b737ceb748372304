/**
 * What events add up to.
 * @module
 */
import * as v from "valibot";
import { defineRoute, inputProblems, nothing, notThere, roomId, usernameParams } from "../route.ts";
import { HostTotalsReply, RecordingTotalsReply } from "../schemas.ts";

/** `GET /recordings/{id}/totals` */
export const recordingTotalsRoute = defineRoute({
  method: "get",
  path: "/recordings/{id}/totals",
  summary: "What the events of a recording add up to; it follows the events by a moment",
  request: { params: v.object({ id: roomId }), query: nothing },
  responses: { 200: { description: "The sums", body: RecordingTotalsReply }, ...inputProblems, ...notThere },
});

/** `GET /hosts/{username}/totals` */
export const hostTotalsRoute = defineRoute({
  method: "get",
  path: "/hosts/{username}/totals",
  summary: "What the events of all recordings of a host add up to, those included that were deleted since",
  request: { params: usernameParams, query: nothing },
  responses: { 200: { description: "The sums", body: HostTotalsReply }, ...inputProblems, ...notThere },
});
