import type { UserInfoReply } from "../contract/schemas.ts";
import { type LookupDeps, withinDeadline } from "./deadline.ts";
import { readUsername } from "./usernames.ts";

/**
 * Answers `GET /tiktok/user-info`.
 * @param uniqueId a name as typed
 * @throws AppError `deadline`, `invalid_input` for a name that cannot be one, else by the code of the failure
 */
export async function userInfo({ lookup, clock }: LookupDeps, uniqueId: string): Promise<UserInfoReply> {
  const username = readUsername(uniqueId, "uniqueId");
  const info = await withinDeadline(clock, "Read the profile", (signal) => lookup.userInfo(username, { signal }));
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
