/**
 * `webcast/room/check_alive`: which of many rooms are on air, in one unsigned request (protocol.md 2).
 * @module
 */
import { LiveError } from "../errors.ts";
import type { HttpRequest } from "./http.ts";
import { at, firstId, flag, list, number } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";

const ACTION = "Check which rooms are alive";

/** Rooms in one request; keeps the URL well below the lengths that servers refuse. */
export const CHECK_ALIVE_BATCH = 50;

/** @param roomIds at most {@link CHECK_ALIVE_BATCH} checked ids */
export function checkAliveRequest(webcastUrl: string, roomIds: readonly string[]): HttpRequest {
  const query = new URLSearchParams({ aid: "1988", region: "CH", room_ids: roomIds.join(","), user_is_login: "true" });
  return { action: ACTION, url: `${webcastUrl}/webcast/room/check_alive/?${query}`, wants: "json" };
}

/**
 * @returns by room id whether it is on air; rooms that the answer leaves out are absent
 * @throws {LiveError} `protocol` when the answer has another shape
 */
export function parseCheckAlive(reply: HttpReply): Map<string, boolean> {
  const body = readJson(reply, ACTION);
  const statusCode = number(at(body, "status_code"));
  const data = at(body, "data");
  if ((statusCode !== undefined && statusCode !== 0) || !Array.isArray(data)) {
    throw new LiveError("protocol", `${ACTION}: TikTok answered without a list of rooms`, {
      evidence: { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) },
    });
  }
  return new Map(
    list(data).flatMap((room) => {
      const roomId = firstId(at(room, "room_id_str"), at(room, "room_id"));
      return roomId === "" ? [] : [[roomId, flag(at(room, "alive"))] as const];
    }),
  );
}
