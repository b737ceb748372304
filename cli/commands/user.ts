import { parseArgs } from "node:util";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { type ListedUser, openLookups } from "../lookups.ts";
import { onlyName } from "../options.ts";

/** Shown by `roomtone user --help`. */
export const usage = `roomtone user NAME [--json]
  Prints what TikTok shows of a user: names, bio, counts, ids.
  --json   one JSON object`;

/** Prints a user. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: "boolean" } } });
  const user = await openLookups(io, usage).user(onlyName(positionals, usage));
  if (values.json) {
    io.out(JSON.stringify(user));
    return 0;
  }
  io.out(formatUser(user));
  if (user.bio !== "") io.out(`  ${plain(user.bio)}`);
  if (user.bioLink !== undefined) io.out(`  ${plain(user.bioLink)}`);
  const counts = { following: user.following, friends: user.friends, likes: user.likes, videos: user.videos };
  const known = Object.entries(counts).filter(([, count]) => count !== undefined);
  io.out(`  ${known.map(([name, count]) => `${count} ${name}`).join(", ")}`);
  io.out(plain(`  id ${user.id}, secUid ${user.secUid}`));
  return 0;
}

/** A user on one line. */
export function formatUser(user: ListedUser): string {
  const marks = [user.verified ? "verified" : "", user.private ? "private" : ""].filter(Boolean).join(", ");
  const followers = user.followers === undefined ? "" : `  ${user.followers} followers`;
  return plain(`@${user.username}  ${user.nickname}${followers}${marks === "" ? "" : `  (${marks})`}`);
}
