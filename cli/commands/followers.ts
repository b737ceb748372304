import type { CliIo } from "../io.ts";
import { LIST_HELP, printUsers } from "../user_lists.ts";

/** Shown by `roomtone followers --help`. */
export const usage = `roomtone followers NAME... [--from FILE] [--csv] [--json] [--cursor C]
  Prints who follows a user, all pages.
  It needs a session in ROOMTONE_TIKTOK_COOKIES or a key in ROOMTONE_EULER_KEY; with --remote, the API needs them.
${LIST_HELP}

  Examples:
    roomtone followers some.host
    roomtone followers some.host --csv > followers.csv
    roomtone followers --from names.txt --json`;

/** Prints a list of users, page by page as it is read. */
export function run(args: string[], io: CliIo): Promise<number> {
  return printUsers("followers", usage, args, io);
}
