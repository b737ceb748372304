import { AppError } from "../contract/errors.ts";
import type { WatchReply } from "../contract/schemas.ts";
import { readUsername } from "../core/usernames.ts";
import type { Clock } from "../ports/clock.ts";
import type { PageRequest } from "../ports/page.ts";
import type { Watch, WatchStore, WatchWishes } from "../ports/watch_store.ts";
import type { Answer } from "./mount.ts";

/** Answers of the watchlist routes. */
export function watchHandlers({ store, clock }: { store: WatchStore; clock: Clock }) {
  return {
    async list(page: PageRequest): Promise<Answer> {
      const { items, cursor } = await store.listWatches(page);
      return { body: { watches: items.map(toReply), cursor } };
    },
    async get(typed: string): Promise<Answer> {
      const username = readUsername(typed, "username");
      const watch = await store.getWatch(username);
      if (watch === undefined) throw notWatched(username);
      return { body: toReply(watch) };
    },
    async put(typed: string, wishes: WatchWishes): Promise<Answer> {
      const { watch, created } = await store.putWatch(readUsername(typed, "username"), clock.now(), wishes);
      return { status: created ? 201 : 200, body: toReply(watch) };
    },
    async remove(typed: string): Promise<Answer> {
      const username = readUsername(typed, "username");
      if (!await store.deleteWatch(username)) throw notWatched(username);
      return { status: 204 };
    },
  };
}

function notWatched(username: string): AppError {
  return new AppError("not_found", `Find ${username} on the watchlist: it is not there`, {
    remedy: `Put it there with PUT /watchlist/${username}`,
  });
}

function toReply(watch: Watch): WatchReply {
  return {
    username: watch.username,
    state: watch.state,
    priority: watch.priority,
    quality: watch.quality,
    paused: watch.paused,
    added_at: watch.addedAt,
    next_check_at: watch.paused ? undefined : watch.nextCheckAt,
    checked_at: watch.checkedAt,
    last_live_at: watch.lastLiveAt,
    room_id: watch.roomId,
    failures: watch.failures,
    last_error: watch.lastError,
  };
}
