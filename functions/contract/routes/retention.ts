/**
 * What goes, by policy or on request, and what is kept from that.
 * @module
 */
import * as v from "valibot";
import { about, defineRoute, inputProblems, nothing, notThere, roomId, usernameParams } from "../route.ts";
import { HostRemovalReply, RecordingReply, RetentionReply } from "../schemas.ts";

const query = v.object({
  dryRun: v.optional(
    v.pipe(
      v.picklist(["true", "false"], "must be true or false"),
      about("`true` only tells what would go, and changes nothing", "true"),
    ),
    "false",
  ),
});
const recordingParams = v.object({ id: roomId });

/** `POST /retention` */
export const applyRetentionRoute = defineRoute({
  method: "post",
  path: "/retention",
  summary: "Delete what is older than the server's policy says, as the server itself does from time to time",
  request: { params: nothing, query },
  responses: { 200: { description: "What went", body: RetentionReply }, ...inputProblems },
});

/** `DELETE /hosts/{username}` */
export const removeHostRoute = defineRoute({
  method: "delete",
  path: "/hosts/{username}",
  summary:
    "Delete all data of a host: watchlist entry, recordings (kept ones too), events, totals; what runs is stopped",
  request: { params: usernameParams, query },
  responses: { 200: { description: "What went", body: HostRemovalReply }, ...inputProblems },
});

/** `PUT /recordings/{id}/kept` */
export const keepRecordingRoute = defineRoute({
  method: "put",
  path: "/recordings/{id}/kept",
  summary: "Put a recording out of the retention policy's reach",
  request: { params: recordingParams, query: nothing },
  responses: { 200: { description: "It is kept", body: RecordingReply }, ...inputProblems, ...notThere },
});

/** `DELETE /recordings/{id}/kept` */
export const unkeepRecordingRoute = defineRoute({
  method: "delete",
  path: "/recordings/{id}/kept",
  summary: "Put a recording within the retention policy's reach again",
  request: { params: recordingParams, query: nothing },
  responses: { 200: { description: "It is not kept", body: RecordingReply }, ...inputProblems, ...notThere },
});
