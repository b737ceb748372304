/**
 * `webcast/gift/list`: names, prices and pictures of the gifts of a room (protocol.md 6).
 * @module
 */
import { LiveError } from "../errors.ts";
import type { HttpRequest } from "./http.ts";
import { at, flag, imageUrl, list, number, text } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";

/** A gift that can be sent. */
export interface GiftInfo {
  id: string;
  name: string;
  describe: string;
  /** Price of one, in diamonds. */
  diamonds: number;
  /** 1 can be repeated in a streak. */
  giftType: number;
  combo: boolean;
  imageUrl: string | undefined;
}

const ACTION = "Read the gift list";

/** @param roomId a checked id, or nothing for the general list */
export function giftListRequest(webcastUrl: string, roomId?: string): HttpRequest {
  const query = new URLSearchParams({ aid: "1988", app_language: "en", device_platform: "web" });
  if (roomId !== undefined) query.set("room_id", roomId);
  return { action: ACTION, url: `${webcastUrl}/webcast/gift/list/?${query}`, wants: "json" };
}

/** @throws {LiveError} `login_required`, or `protocol` when the answer has another shape */
export function parseGiftList(reply: HttpReply): GiftInfo[] {
  const body = readJson(reply, ACTION);
  const statusCode = number(at(body, "status_code"));
  const gifts = at(body, "data", "gifts");
  if ((statusCode !== undefined && statusCode !== 0) || !Array.isArray(gifts)) {
    const code = statusCode === 20003 ? "login_required" : "protocol";
    throw new LiveError(code, `${ACTION}: TikTok answered without gifts`, {
      evidence: { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) },
    });
  }
  return list(gifts).map((gift) => ({
    id: String(number(at(gift, "id")) ?? ""),
    name: text(at(gift, "name")),
    describe: text(at(gift, "describe")),
    diamonds: number(at(gift, "diamond_count")) ?? 0,
    giftType: number(at(gift, "type")) ?? 0,
    combo: flag(at(gift, "combo")),
    imageUrl: imageUrl(at(gift, "icon")) ?? imageUrl(at(gift, "image")),
  }));
}
