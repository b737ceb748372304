import { AppError } from "../contract/errors.ts";
import type { FollowersReply, FollowingsReply } from "../contract/schemas.ts";
import type { LiveLookup, UserListKind, UserListPage } from "../ports/live_lookup.ts";
import { type LookupDeps, withinDeadline } from "./deadline.ts";
import { readUsername } from "./usernames.ts";

/** Users that TikTok gives on one page. */
const PAGE = 30;
/** Most pages for one answer: 200 users, and some pages that hidden ones made shorter. */
const MAX_PAGES = 12;

/** What a caller asks for. */
export interface UserListQuery {
  secUid?: string | undefined;
  /** Name as typed, in place of the secUid. */
  uniqueId?: string | undefined;
  /** 1 to 200, as the text that it came as. */
  count: string;
  minCursor: number;
  maxCursor: number;
}

/**
 * Answers `GET /tiktok/user-followings`. Pages are read until there are `count` users, the list ends, or time is up;
 * what was read by then is the answer.
 * @throws AppError `login_required` without session and signer, `signer_failed`; `invalid_input` for a name that
 *   cannot be one
 */
export async function followings(deps: LookupDeps, query: UserListQuery): Promise<FollowingsReply> {
  const { requestDetails, total, page, users } = await readList(deps, "followings", query);
  return { requestDetails, metadata: { totalFollowings: total, ...page }, followings: users };
}

/** Answers `GET /tiktok/user-followers`; all else as for {@link followings}. */
export async function followers(deps: LookupDeps, query: UserListQuery): Promise<FollowersReply> {
  const { requestDetails, total, page, users } = await readList(deps, "followers", query);
  return { requestDetails, metadata: { totalFollowers: total, ...page }, followers: users };
}

async function readList({ lookup, clock }: LookupDeps, kind: UserListKind, query: UserListQuery) {
  const { uniqueId, count, minCursor, maxCursor } = query;
  const username = uniqueId === undefined ? undefined : readUsername(uniqueId, "uniqueId");
  const pages: UserListPage[] = [];
  const secUid = await withinDeadline(clock, `Read the ${kind}`, async (signal) => {
    const secUid = query.secUid ?? (await lookup.userInfo(username ?? "", { signal })).secUid;
    await readPages(lookup, kind, { secUid, count: Number(count), minCursor, maxCursor }, pages, signal);
    return secUid;
  }).catch((error: unknown) => {
    // Pages that came before the trouble are an answer; its cursor leads to the rest.
    if (pages.length === 0 || !(error instanceof AppError)) throw error;
    return query.secUid ?? "";
  });
  const last = pages[pages.length - 1];
  if (last === undefined) throw new AppError("internal", `Read the ${kind}: no page was read`);
  const users = pages.flatMap((page) => page.users);
  const total = last.total ?? users.length;
  const whole = minCursor === 0 && !last.hasMore && last.total !== null;
  return {
    requestDetails: { secUid, count, minCursor, maxCursor },
    total,
    page: {
      hasMore: last.hasMore,
      maxCursor: last.maxCursor,
      minCursor: last.minCursor,
      logId: last.logId,
      hidden: whole ? Math.max(0, total - users.length) : null,
    },
    users: users.map((user) => ({
      username: user.username,
      nickname: user.nickname,
      avatar: user.profilePictureUrl,
      verified: user.verified,
      bio: user.bio,
      stats: { followers: user.followers, followings: user.following, likes: user.likes, videos: user.videos },
    })),
  };
}

async function readPages(
  lookup: LiveLookup,
  kind: UserListKind,
  from: { secUid: string; count: number; minCursor: number; maxCursor: number },
  pages: UserListPage[],
  signal: AbortSignal,
): Promise<void> {
  // TikTok wants a page's minCursor in both places of the next request.
  let cursor = { minCursor: from.minCursor, maxCursor: from.maxCursor || from.minCursor };
  for (let left = from.count; left > 0 && pages.length < MAX_PAGES;) {
    const page = await lookup.userList(kind, { secUid: from.secUid, count: Math.min(PAGE, left), ...cursor }, {
      signal,
    });
    pages.push(page);
    if (!page.hasMore) return;
    left -= page.users.length;
    cursor = { minCursor: page.minCursor, maxCursor: page.minCursor };
  }
}
