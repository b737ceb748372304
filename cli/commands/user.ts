import { parseArgs } from "node:util";
import { eachName, teller } from "../batch.ts";
import { formatUser, plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { type ListedUser, openLookups } from "../lookups.ts";
import { FROM, fromHelp, readNames } from "../names.ts";

/** Shown by `roomtone user --help`. */
export const usage = `roomtone user NAME... [--from FILE] [--json]
  Prints what TikTok shows of each user: names, bio, counts, ids.
${fromHelp(13)}
  --json       one JSON object a user; of several, user and error for a name that failed

  Examples:
    roomtone user some.host
    roomtone user --from names.txt --json`;

/** Prints users, one after another; 1 when one could not be looked up. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...FROM, json: { type: "boolean" } },
  });
  const { json = false } = values;
  const names = await readNames(positionals, values.from, io, usage);
  const lookups = openLookups(io, usage);
  return await eachName(names, io, teller(io, json), async (name) => {
    const user = await lookups.user(name);
    if (json) io.out(JSON.stringify(user));
    else for (const line of linesOf(user)) io.out(plain(line));
  });
}

function linesOf(user: ListedUser): string[] {
  const counts = { following: user.following, friends: user.friends, likes: user.likes, videos: user.videos };
  const known = Object.entries(counts).filter(([, count]) => count !== undefined);
  return [
    formatUser(user),
    ...user.bio === "" ? [] : [`  ${user.bio}`],
    ...user.bioLink === undefined ? [] : [`  ${user.bioLink}`],
    `  ${known.map(([name, count]) => `${count} ${name}`).join(", ")}`,
    `  id ${user.id}, secUid ${user.secUid}`,
  ];
}
