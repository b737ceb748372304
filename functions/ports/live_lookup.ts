import type { StreamLink } from "@roomtone/sdk";
import type { AppError } from "../contract/errors.ts";

/** What a look at one name gave. Refusals and other failures are `failed`, never `offline`. */
export type LiveAnswer =
  | { username: string; state: "live"; roomId: string; title: string; links: StreamLink[] }
  | { username: string; state: "offline" }
  | { username: string; state: "failed"; error: AppError };

/** A profile. */
export interface UserInfo {
  /** Numeric id, a decimal string. */
  id: string;
  username: string;
  nickname: string;
  bio: string;
  secUid: string;
  followers: number;
  following: number;
  likes: number;
  videos: number;
  profilePictureUrl: string;
  verified: boolean;
  private: boolean;
  /** Room of the running or last live; empty when TikTok names none. */
  roomId: string;
  /** `null` when TikTok did not say. */
  live: boolean | null;
}

/** What TikTok says about hosts. */
export interface LiveLookup {
  /**
   * Looks at several hosts.
   * @param usernames normalised names, 1 to 50
   * @returns one answer for each, in order; one failure never spoils the rest
   */
  links(usernames: readonly string[], options?: { signal?: AbortSignal }): Promise<LiveAnswer[]>;
  /**
   * Reads a profile.
   * @throws AppError by the code of the failure, such as `not_found` or `captcha`
   */
  userInfo(username: string, options?: { signal?: AbortSignal }): Promise<UserInfo>;
}
