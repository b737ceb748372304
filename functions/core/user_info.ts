import type { UserInfoReply } from "../contract/schemas.ts";
import type { LiveLookup } from "../ports/live_lookup.ts";
import { readUsername } from "./usernames.ts";

/**
 * Answers `GET /tiktok/user-info`.
 * @param uniqueId a name as typed
 * @throws AppError `invalid_input` for a name that cannot be one, else by the code of the failure
 */
export async function userInfo(deps: { lookup: LiveLookup }, uniqueId: string): Promise<UserInfoReply> {
  const info = await deps.lookup.userInfo(readUsername(uniqueId, "uniqueId"));
  return {
    status: "success",
    data: {
      userInfo: {
        uniqueId: info.username,
        nickname: info.nickname,
        bio: info.bio,
        followers: info.followers,
        following: info.following,
        likes: info.likes,
        profilePictureUrl: info.profilePictureUrl,
        secUid: info.secUid,
        id: info.id,
        roomId: info.roomId,
        verified: info.verified,
        private: info.private,
        videos: info.videos,
        live: info.live,
      },
    },
  };
}
