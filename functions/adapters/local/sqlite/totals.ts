// deno-lint-ignore-file require-await -- ports return promises, and node:sqlite answers at once
import { hostPartition, recordingKey } from "../../../contract/keys.ts";
import type {
  Gifter,
  HostTotals,
  Ledger,
  LedgerRows,
  RecordingTotals,
  Totals,
  TotalsOwner,
  TotalsStore,
  ViewerHour,
} from "../../../ports/totals_store.ts";
import { type Database, int, text } from "./database.ts";

/** Rows of one owner are found by what their partition is named in DynamoDB. */
const ownerOf = (owner: TotalsOwner): string =>
  "username" in owner ? hostPartition(owner.username) : recordingKey(owner.recordingId).pk;

/** Totals in SQLite. */
export function sqliteTotals(db: Database): TotalsStore {
  const readTotals = <T extends Totals>(owner: string): { version: number; totals: T } | undefined => {
    const row = db.get("SELECT version, totals FROM ledgers WHERE owner = ?", owner);
    // `undefined` members are not in JSON.
    const none = { firstAt: undefined, lastAt: undefined };
    return row && { version: int(row, "version"), totals: { ...none, ...JSON.parse(text(row, "totals")) as T } };
  };
  const readLedger = <T extends Totals>(owner: string, rows: LedgerRows): Ledger<T> => {
    const { version, totals } = readTotals<T>(owner) ?? { version: 0, totals: undefined };
    const gifters = rows.gifters.flatMap((id) => {
      const row = db.get("SELECT gifter FROM gifters WHERE owner = ? AND user_id = ?", owner, id);
      return row === undefined ? [] : [JSON.parse(text(row, "gifter")) as Gifter];
    });
    const hours = rows.hours.flatMap((hour) => {
      const row = db.get("SELECT peaks FROM viewer_hours WHERE owner = ? AND hour = ?", owner, hour);
      return row === undefined ? [] : [{ hour, peaks: JSON.parse(text(row, "peaks")) as ViewerHour["peaks"] }];
    });
    return { totals, version, gifters, hours };
  };
  const writeLedger = (owner: string, { version, totals, gifters, hours }: Ledger<Totals>): void => {
    db.run("INSERT OR REPLACE INTO ledgers VALUES (?, ?, ?)", owner, version, JSON.stringify(totals));
    for (const gifter of gifters) {
      db.run("INSERT OR REPLACE INTO gifters VALUES (?, ?, ?)", owner, gifter.userId, JSON.stringify(gifter));
    }
    for (const { hour, peaks } of hours) {
      db.run("INSERT OR REPLACE INTO viewer_hours VALUES (?, ?, ?)", owner, hour, JSON.stringify(peaks));
    }
  };
  const hostOf = (recordingId: string): string | undefined => {
    const row = db.get("SELECT username FROM recordings WHERE id = ? AND state <> 'deleting'", recordingId);
    return row && text(row, "username");
  };
  return {
    async readLedgers(recordingId, rows) {
      const username = hostOf(recordingId);
      if (username === undefined) return undefined;
      const recording = readLedger<RecordingTotals>(ownerOf({ recordingId }), rows);
      return { recordingId, username, recording, host: readLedger<HostTotals>(ownerOf({ username }), rows) };
    },
    async writeLedgers(before, after) {
      return db.transaction(() => {
        const { recordingId, username } = before;
        const owners = [ownerOf({ recordingId }), ownerOf({ username })] as const;
        const versions = owners.map((owner) => readTotals(owner)?.version ?? 0);
        const same = versions[0] === before.recording.version && versions[1] === before.host.version;
        if (!same || hostOf(recordingId) === undefined) return false;
        writeLedger(owners[0], after.recording);
        writeLedger(owners[1], after.host);
        return true;
      });
    },
    async getTotals(recordingId) {
      return readTotals<RecordingTotals>(ownerOf({ recordingId }))?.totals;
    },
    async getHostTotals(username) {
      return readTotals<HostTotals>(ownerOf({ username }))?.totals;
    },
    async listViewers(owner, limit) {
      const sql = "SELECT hour, peaks FROM viewer_hours WHERE owner = ? ORDER BY hour DESC LIMIT ?";
      return db.all(sql, ownerOf(owner), limit).reverse().map((row) => ({
        hour: int(row, "hour"),
        peaks: JSON.parse(text(row, "peaks")) as ViewerHour["peaks"],
      }));
    },
    async deleteHostTotals(username) {
      db.transaction(() => deleteLedger(db, { username }));
    },
  };
}

/** Removes totals and all rows beside them. Call it inside a transaction. */
export function deleteLedger(db: Database, owner: TotalsOwner): void {
  for (const table of ["ledgers", "gifters", "viewer_hours"]) {
    db.run(`DELETE FROM ${table} WHERE owner = ?`, ownerOf(owner));
  }
}
