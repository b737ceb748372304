import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Takes a folder for this process alone. The lock is that of an open SQLite file, so the system lets go of it when the
 * process ends in whatever way.
 * @param folder is made when it is not there
 * @returns gives the folder free
 * @throws Error when another process has it
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const db = new DatabaseSync(join(folder, "lock.db"));
  try {
    db.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    throw new Error(`Cannot use the folder ${folder}: another process works in it`, { cause: error });
  }
  return () => db.close();
}
