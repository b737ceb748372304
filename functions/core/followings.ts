import { AppError } from "../contract/errors.ts";
import type { FollowingsReply } from "../contract/schemas.ts";
import { readUsername } from "./usernames.ts";

/** What a caller asks for. */
export interface FollowingsRequest {
  secUid?: string;
  /** Name as typed, in place of the secUid. */
  uniqueId?: string;
  count: string;
  minCursor: number;
  maxCursor: number;
}

/**
 * Answers `GET /tiktok/user-followings`. TikTok gives this list to signed requests only.
 * @throws AppError `signer_failed`; `invalid_input` for a name that cannot be one
 */
export function followings(request: FollowingsRequest): FollowingsReply {
  const { secUid = "", uniqueId, count, minCursor, maxCursor } = request;
  if (uniqueId !== undefined) readUsername(uniqueId, "uniqueId");
  const fields = { requestDetails: { secUid, count, minCursor, maxCursor } };
  throw new AppError("signer_failed", "Read the followings: no signer is configured", {
    remedy: "TikTok answers this call only when it is signed; configure a signer",
    fields,
  });
}
