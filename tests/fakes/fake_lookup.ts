import type { StreamLink } from "@roomtone/sdk";
import { AppError, type AppErrorCode } from "../../functions/contract/errors.ts";
import type { LiveAnswer, LiveLookup, UserInfo } from "../../functions/ports/live_lookup.ts";

/** A TikTok of a few hosts. Names that it does not know are `not_found`. */
export class FakeLookup implements LiveLookup {
  /** Answers by name; a function is asked each time. */
  readonly answers = new Map<string, LiveAnswer | (() => Promise<LiveAnswer>)>();
  readonly users = new Map<string, UserInfo>();
  /** Names asked for, call by call. */
  readonly asked: string[][] = [];

  live(username: string, roomId: string, links: StreamLink[] = []): void {
    this.answers.set(username, { username, state: "live", roomId, title: `live of ${username}`, links });
  }
  offline(username: string): void {
    this.answers.set(username, { username, state: "offline" });
  }
  fails(username: string, code: AppErrorCode, retryAfterMs?: number): void {
    const error = new AppError(code, `Look up ${username}: ${code}`, { retryAfterMs, remedy: "Wait" });
    this.answers.set(username, { username, state: "failed", error });
  }

  async links(usernames: readonly string[]): Promise<LiveAnswer[]> {
    this.asked.push([...usernames]);
    return await Promise.all(usernames.map(async (username): Promise<LiveAnswer> => {
      const answer = this.answers.get(username);
      if (typeof answer === "function") return await answer();
      const error = new AppError("not_found", `Look up ${username}: TikTok knows no such user`);
      return answer ?? { username, state: "failed", error };
    }));
  }

  userInfo(username: string): Promise<UserInfo> {
    const user = this.users.get(username);
    if (user !== undefined) return Promise.resolve(user);
    return Promise.reject(new AppError("not_found", `Read the profile of ${username}: TikTok knows no such user`));
  }
}
