/** The two lists that a user has, printed as they are read: lines, JSON or a table. */
import { csvRow } from "@roomtone/functions/client";
import { parseArgs } from "node:util";
import { eachName, teller } from "./batch.ts";
import { CutListError } from "./failures.ts";
import { formatUser } from "./format.ts";
import type { CliIo } from "./io.ts";
import { type ListedUser, openLookups } from "./lookups.ts";
import { FROM, fromHelp, readNames } from "./names.ts";
import { UsageError } from "./usage_error.ts";

/** The options of both lists, for their help. */
export const LIST_HELP = `${fromHelp(13)}
  --csv        a table with a head: of, username, nickname, id, sec_uid, counts, bio, ...; RFC 4180, safe for spreadsheets
  --json       one JSON object a user; of several names each begins with "of"
  --cursor C   goes on with a list where an error, or Ctrl-C, said that it was cut; of one name
  Each page is printed as it is read; on a terminal standard error counts along.`;

const COLUMNS: readonly [name: string, value: (user: ListedUser, of: string) => unknown][] = [
  ["of", (_, of) => of],
  ["username", ({ username }) => username],
  ["nickname", ({ nickname }) => nickname],
  ["id", ({ id }) => id],
  ["sec_uid", ({ secUid }) => secUid],
  ["verified", ({ verified }) => verified],
  ["private", (user) => user.private],
  ["followers", ({ followers }) => followers],
  ["following", ({ following }) => following],
  ["friends", ({ friends }) => friends],
  ["likes", ({ likes }) => likes],
  ["videos", ({ videos }) => videos],
  ["bio", ({ bio }) => bio],
  ["bio_link", ({ bioLink }) => bioLink],
  ["avatar_url", ({ avatarUrl }) => avatarUrl],
];

/** Prints one of the two lists of each name; 1 when one could not be read to its end. */
export async function printUsers(
  kind: "followings" | "followers",
  usage: string,
  args: string[],
  io: CliIo,
): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...FROM, csv: { type: "boolean" }, json: { type: "boolean" }, cursor: { type: "string" } },
  });
  const { csv = false, json = false, cursor = "0" } = values;
  if (csv && json) throw new UsageError("one of --csv and --json was expected", usage);
  const names = await readNames(positionals, values.from, io, usage);
  const several = names.usernames.length > 1;
  if (values.cursor !== undefined && several) throw new UsageError("--cursor goes with one name", usage);
  if (!/^\d{1,16}$/.test(cursor)) throw new UsageError("--cursor takes what an error said to go on with", usage);
  const lookups = openLookups(io, usage);
  const row = (values: readonly unknown[]) => io.out(csvRow(values).replace(/\n$/, ""));
  // The head of a table that goes on stands in its beginning.
  if (csv && cursor === "0") row(COLUMNS.map(([name]) => name));
  const lineOf = (user: ListedUser, of: string): string => {
    if (json) return JSON.stringify(several ? { of, ...user } : user);
    return several ? `@${of}: ${formatUser(user)}` : formatUser(user);
  };
  return await eachName(names, io, teller(io, json), async (name) => {
    const list = lookups.users(kind, name, cursor);
    const who = several ? `@${name}: ` : "";
    let count = 0;
    try {
      for await (const user of list) {
        count++;
        if (csv) row(COLUMNS.map(([, value]) => value(user, name)));
        else io.out(lineOf(user, name));
        io.status(`${who}${count} of ${list.total ?? "?"} ${kind} read`);
      }
    } catch (error) {
      if (io.signal.aborted) io.err(`${who}${count} ${kind} shown; --cursor ${list.cursor} goes on from here`);
      // What failed at its beginning is begun again.
      throw list.cursor === "0" ? error : new CutListError(error, list.cursor);
    }
    io.err(`${who}${count} ${kind} shown, ${list.hidden ?? "an unknown number"} hidden`);
  });
}
