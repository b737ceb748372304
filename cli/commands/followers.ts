import type { CliIo } from "../io.ts";
import { printUsers } from "./followings.ts";

/** Shown by `roomtone followers --help`. */
export const usage = `roomtone followers NAME [--json]
  Prints who follows a user, all pages.
  It needs what followings needs.
  --json   one JSON object a user`;

/** Prints a list of users, page by page as it is read. */
export function run(args: string[], io: CliIo): Promise<number> {
  return printUsers("followers", usage, args, io);
}
