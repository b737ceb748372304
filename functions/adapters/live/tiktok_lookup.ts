import { isLiveError, type LinksResult, type TikTok } from "@roomtone/sdk";
import { AppError } from "../../contract/errors.ts";
import type { LiveAnswer, LiveLookup, UserInfo } from "../../ports/live_lookup.ts";

/** Names that are asked at the same time. */
const CONCURRENCY = 8;

/** Looks at hosts through the SDK. */
export function tiktokLookup(tiktok: TikTok): LiveLookup {
  return {
    async links(usernames, { signal } = {}) {
      const results = await tiktok.links([...usernames], { signal, concurrency: CONCURRENCY });
      return results.map(toAnswer);
    },
    async userInfo(username, { signal } = {}): Promise<UserInfo> {
      const user = await tiktok.userInfo(username, { signal }).catch((error: unknown) => {
        throw fromLiveError(error);
      });
      return {
        id: user.id,
        username: user.username,
        nickname: user.nickname,
        bio: user.bio,
        secUid: user.secUid,
        followers: user.followers ?? 0,
        following: user.following ?? 0,
        likes: user.likes ?? 0,
        videos: user.videos ?? 0,
        profilePictureUrl: user.avatarUrl ?? "",
        verified: user.verified,
        private: user.private,
        roomId: user.roomId,
        live: user.roomId === "" ? false : await isAlive(tiktok, user.roomId, signal),
      };
    },
  };
}

/** Whether a room is on air; `null` when TikTok does not say: the profile is an answer without it. */
async function isAlive(tiktok: TikTok, roomId: string, signal: AbortSignal | undefined): Promise<boolean | null> {
  try {
    return (await tiktok.checkAlive([roomId], { signal })).get(roomId) ?? null;
  } catch (error) {
    if (isLiveError(error)) return null;
    throw error;
  }
}

function toAnswer(result: LinksResult): LiveAnswer {
  const { user: username } = result;
  if (result.error !== undefined) return { username, state: "failed", error: fromLiveError(result.error) };
  if (!result.live) return { username, state: "offline" };
  const { roomId, title, links } = result;
  if (roomId !== "") return { username, state: "live", roomId, title, links };
  const error = new AppError("protocol", `Look up the live of ${username}: TikTok names no room`);
  return { username, state: "failed", error };
}

/** The functions' error for one of the SDK's. What is not the SDK's stays what it is: an abort's reason, a fault. */
export function fromLiveError(error: unknown): AppError {
  if (!isLiveError(error)) throw error;
  const { code, message, remedy, retryAfterMs, evidence } = error;
  return new AppError(code, message, { remedy, retryAfterMs, evidence: { ...evidence }, cause: error });
}
