import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { MIGRATIONS } from "./schema.ts";

/** A row as SQLite gives it. */
export type Row = Record<string, unknown>;

/** How long a statement waits for another process to end its transaction, ms. */
const BUSY_TIMEOUT_MS = 10_000;
/** How long to try to switch a new file to WAL, which SQLite's own waiting does not cover, ms. */
const WAL_RETRY_MS = 50;
const WAL_TRIES = 100;

/** A database with prepared statements and transactions. Calls are synchronous, so no two of one process interleave. */
export class Database {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens or creates the file and brings its schema to this version.
   * @param path a file, or `:memory:`
   * @param migrations steps from each version to the next @default the store's
   * @throws Error when a newer version of this program made the file
   */
  constructor(path: string, migrations: readonly string[] = MIGRATIONS) {
    this.#db = new DatabaseSync(path);
    try {
      this.#db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      this.#useWal();
      this.#db.exec("PRAGMA synchronous = NORMAL");
      this.transaction(() => this.#migrate(path, migrations));
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** First row of a query. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) ?? undefined;
  }

  /** All rows of a query. */
  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  /** Runs a statement. @returns how many rows it changed */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** Runs `work` whole or not at all. It takes the write lock at the start, so it never has to give up half-way. */
  transaction<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #useWal(): void {
    for (let tries = 1;; tries++) {
      try {
        this.#db.exec("PRAGMA journal_mode = WAL");
        return;
      } catch (error) {
        const busy = error instanceof Error && /locked|busy/i.test(error.message);
        if (!busy || tries === WAL_TRIES) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_RETRY_MS);
      }
    }
  }

  #migrate(path: string, migrations: readonly string[]): void {
    const version = int(this.#db.prepare("PRAGMA user_version").get() ?? {}, "user_version");
    if (version === migrations.length) return;
    if (version > migrations.length) {
      throw new Error(
        `Cannot open ${path}: its schema version is ${version}, and this program knows ${migrations.length}`,
      );
    }
    for (const step of migrations.slice(version)) this.#db.exec(step);
    this.#db.exec(`PRAGMA user_version = ${migrations.length}`);
  }
}

/** A number of a row. */
export function int(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") {
    throw new TypeError(`Cannot read column ${column} as a number: it holds ${typeof value}`);
  }
  return value;
}

/** A text of a row. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`Cannot read column ${column} as text: it holds ${typeof value}`);
  return value;
}

/** A number of a row, or `undefined` for NULL. */
export function optionalInt(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : int(row, column);
}

/** A text of a row, or `undefined` for NULL. */
export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column);
}

/** Bytes of a row. */
export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`Cannot read column ${column} as bytes: it holds ${typeof value}`);
  }
  return value;
}
