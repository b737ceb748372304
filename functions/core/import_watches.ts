import { AppError } from "../contract/errors.ts";
import type { ImportReply } from "../contract/schemas.ts";
import type { WatchStore } from "../ports/watch_store.ts";
import { mapBounded } from "./bounded.ts";
import { type LookupDeps, withinDeadline } from "./deadline.ts";
import { readUsername } from "./usernames.ts";

/** Users that TikTok gives on one page. */
const PAGE = 30;
/** Names that are stored at the same time. */
const WRITES = 10;

/** Whom to watch. */
export type ImportRequest =
  | { usernames: readonly string[] }
  /** Those that a user follows: up to `limit`, from the place `minCursor` of the list on. */
  | { uniqueId?: string | undefined; secUid?: string | undefined; limit: number; minCursor: number };

/** What an import works with. */
export interface ImportDeps extends LookupDeps {
  store: Pick<WatchStore, "putWatch">;
}

/**
 * Puts many names on the watchlist. Names that are there stay as they are, so it may be repeated.
 * @throws AppError of the followings list: `login_required` without session and signer, `signer_failed` and others, when
 *   not one page of it could be read
 */
export async function importWatches(deps: ImportDeps, request: ImportRequest): Promise<ImportReply> {
  const list = "usernames" in request
    ? { names: request.usernames, hasMore: false, minCursor: undefined }
    : await readFollowings(deps, request);
  const { names, skipped } = sortOut(list.names);
  const created = await mapBounded([...names], WRITES, async (name) => {
    return (await deps.store.putWatch(name, deps.clock.now())).created;
  });
  const added = created.filter(Boolean).length;
  const { hasMore, minCursor } = list;
  return { added, existing: created.length - added, skipped, has_more: hasMore, min_cursor: minCursor };
}

/** Names in their normal form, each once, and those that cannot be names. */
function sortOut(typed: readonly string[]): { names: Set<string>; skipped: ImportReply["skipped"] } {
  const names = new Set<string>();
  const skipped: ImportReply["skipped"] = [];
  for (const each of typed) {
    try {
      const name = readUsername(each, "usernames");
      if (names.has(name)) skipped.push({ username: each, reason: "it came twice" });
      names.add(name);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      skipped.push({ username: each, reason: error.message });
    }
  }
  return { names, skipped };
}

async function readFollowings(
  { lookup, clock }: LookupDeps,
  { uniqueId, secUid, limit, minCursor }: Exclude<ImportRequest, { usernames: readonly string[] }>,
): Promise<{ names: string[]; hasMore: boolean; minCursor: number }> {
  const names: string[] = [];
  const username = uniqueId === undefined ? undefined : readUsername(uniqueId, "uniqueId");
  let cursor = minCursor;
  let hasMore = true;
  try {
    await withinDeadline(clock, "Read the followings", async (signal) => {
      const owner = secUid ?? (await lookup.userInfo(username ?? "", { signal })).secUid;
      while (hasMore && names.length < limit) {
        const count = Math.min(PAGE, limit - names.length);
        // TikTok wants a page's minCursor in both places of the next request.
        const request = { secUid: owner, count, minCursor: cursor, maxCursor: cursor };
        const page = await lookup.userList("followings", request, { signal });
        names.push(...page.users.map((user) => user.username));
        cursor = page.minCursor;
        hasMore = page.hasMore;
      }
    });
  } catch (error) {
    // What came before the trouble is imported; the place in the answer leads to the rest.
    if (names.length === 0 || !(error instanceof AppError)) throw error;
  }
  return { names, hasMore, minCursor: cursor };
}
