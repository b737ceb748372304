import type { CliIo } from "../io.ts";
import { LIST_HELP, printUsers } from "../user_lists.ts";

/** Shown by `roomtone followings --help`. */
export const usage = `roomtone followings NAME... [--from FILE] [--csv] [--json] [--cursor C]
  Prints whom a user follows, all pages.
  It needs a session in ROOMTONE_TIKTOK_COOKIES or a key in ROOMTONE_EULER_KEY; with --remote, the API needs them.
${LIST_HELP}

  Examples:
    roomtone followings some.host
    roomtone followings some.host --csv > followings.csv
    roomtone followings --from names.txt --json`;

/** Prints a list of users, page by page as it is read. */
export function run(args: string[], io: CliIo): Promise<number> {
  return printUsers("followings", usage, args, io);
}
