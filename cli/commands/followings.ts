import { parseArgs } from "node:util";
import type { CliIo } from "../io.ts";
import { openLookups } from "../lookups.ts";
import { onlyName } from "../options.ts";
import { formatUser } from "./user.ts";

/** Shown by `roomtone followings --help`. */
export const usage = `roomtone followings NAME [--json]
  Prints whom a user follows, all pages.
  It needs a session in ROOMTONE_TIKTOK_COOKIES or a key in ROOMTONE_EULER_KEY; with --remote, the API needs them.
  --json   one JSON object a user`;

/** Prints a list of users, page by page as it is read. */
export function run(args: string[], io: CliIo): Promise<number> {
  return printUsers("followings", usage, args, io);
}

/** Prints one of the two lists that a user has. */
export async function printUsers(
  kind: "followings" | "followers",
  help: string,
  args: string[],
  io: CliIo,
): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: "boolean" } } });
  const list = openLookups(io, help).users(kind, onlyName(positionals, help));
  let count = 0;
  for await (const user of list) {
    count++;
    io.out(values.json ? JSON.stringify(user) : formatUser(user));
  }
  io.err(`${count} ${kind} shown, ${list.hidden ?? "an unknown number"} hidden`);
  return 0;
}
