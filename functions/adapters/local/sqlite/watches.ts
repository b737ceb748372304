// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import type { AppErrorCode } from "../../../contract/errors.ts";
import { NEW_SHARD, ON_AIR_SHARD, watchShard } from "../../../contract/keys.ts";
import type { Quality } from "../../../contract/quality.ts";
import {
  type HostHours,
  NEVER,
  PRIORITIES,
  type Watch,
  type WatchState,
  type WatchStore,
} from "../../../ports/watch_store.ts";
import { type Database, int, optionalInt, optionalText, type Row, text } from "./database.ts";

/** Shard of the names that are paused: nobody asks for it. */
const PAUSED_SHARD = -1;

/** The watchlist in SQLite. */
export function sqliteWatches(db: Database): WatchStore {
  const read = (username: string): Watch | undefined => {
    const row = db.get("SELECT * FROM watches WHERE username = ?", username);
    return row && toWatch(row);
  };
  return {
    async putWatch(username, now, { priority, quality, paused } = {}) {
      return db.transaction(() => {
        const added = db.run(
          `INSERT INTO watches (username, shard, added_at, next_check_at, claim_token, state, failures, priority)
           VALUES (?, ?, ?, ?, 0, 'unknown', 0, ?) ON CONFLICT DO NOTHING`,
          username,
          paused ? PAUSED_SHARD : NEW_SHARD,
          now,
          paused ? NEVER : now,
          PRIORITIES.usual,
        );
        db.run(
          "UPDATE watches SET priority = coalesce(?, priority), quality = coalesce(?, quality) WHERE username = ?",
          priority ?? null,
          quality ?? null,
          username,
        );
        if (paused === true) {
          db.run(
            `UPDATE watches SET shard = ?, next_check_at = ?, state = 'unknown', claim_token = claim_token + 1
             WHERE username = ? AND shard <> ?`,
            PAUSED_SHARD,
            NEVER,
            username,
            PAUSED_SHARD,
          );
        } else if (paused === false) {
          db.run(
            "UPDATE watches SET shard = ?, next_check_at = ? WHERE username = ? AND shard = ?",
            NEW_SHARD,
            now,
            username,
            PAUSED_SHARD,
          );
        }
        const watch = read(username);
        if (watch === undefined) throw new Error(`Cannot read watch ${username} after it was put`);
        return { watch, created: added === 1 };
      });
    },
    async getWatch(username) {
      return read(username);
    },
    async deleteWatch(username) {
      return db.run("DELETE FROM watches WHERE username = ?", username) === 1;
    },
    async listWatches({ limit, cursor = "" }) {
      const rows = db.all("SELECT * FROM watches WHERE username > ? ORDER BY username LIMIT ?", cursor, limit + 1);
      const items = rows.slice(0, limit).map(toWatch);
      return { items, cursor: rows.length > limit ? items.at(-1)?.username : undefined };
    },
    async claimDueWatches({ shard, now, leaseMs, limit }) {
      const rows = db.all(
        `UPDATE watches SET next_check_at = ?, claim_token = claim_token + 1
         WHERE username IN (
           SELECT username FROM watches WHERE shard = ? AND next_check_at <= ? ORDER BY next_check_at LIMIT ?
         ) RETURNING *`,
        now + leaseMs,
        shard,
        now,
        limit,
      );
      return rows.map(toWatch);
    },
    async nextCheckAt(shard) {
      const row = db.get("SELECT min(next_check_at) AS at FROM watches WHERE shard = ?", shard);
      return row && optionalInt(row, "at");
    },
    async countDueWatches(now) {
      const row = db.get("SELECT count(*) AS due FROM watches WHERE next_check_at <= ?", now);
      return row === undefined ? 0 : int(row, "due");
    },
    async completeCheck({ username, claimToken }, check) {
      return db.run(
        `UPDATE watches SET shard = ?, next_check_at = ?, state = ?, checked_at = ?, last_live_at = ?, room_id = ?, hours = ?,
           failures = ?, last_error = ?
         WHERE username = ? AND claim_token = ?`,
        check.state === "live" ? ON_AIR_SHARD : watchShard(username),
        check.nextCheckAt,
        check.state,
        check.checkedAt ?? null,
        check.lastLiveAt ?? null,
        check.roomId ?? null,
        check.hours === undefined ? null : JSON.stringify(check.hours),
        check.failures,
        check.lastError ?? null,
        username,
        claimToken,
      ) === 1;
    },
  };
}

function toWatch(row: Row): Watch {
  const hours = optionalText(row, "hours");
  return {
    username: text(row, "username"),
    addedAt: int(row, "added_at"),
    priority: int(row, "priority"),
    quality: optionalText(row, "quality") as Quality | undefined,
    paused: int(row, "shard") === PAUSED_SHARD,
    nextCheckAt: int(row, "next_check_at"),
    claimToken: int(row, "claim_token"),
    state: text(row, "state") as WatchState,
    checkedAt: optionalInt(row, "checked_at"),
    lastLiveAt: optionalInt(row, "last_live_at"),
    roomId: optionalText(row, "room_id"),
    hours: hours === undefined ? undefined : JSON.parse(hours) as HostHours,
    failures: int(row, "failures"),
    lastError: optionalText(row, "last_error") as AppErrorCode | undefined,
  };
}
