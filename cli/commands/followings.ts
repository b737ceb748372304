import { TikTok } from "@roomtone/sdk";
import { parseArgs } from "node:util";
import type { CliIo } from "../io.ts";
import { clientOptions, onlyName } from "../options.ts";
import { formatUser } from "./user.ts";

/** Shown by `roomtone followings --help`. */
export const usage = `roomtone followings NAME [--followers] [--json]
  Prints whom a user follows. Needs a session in ROOMTONE_TIKTOK_COOKIES or a key in ROOMTONE_EULER_KEY.
  --followers   those who follow the user instead
  --json        one JSON object a user`;

/** Prints a list of users, page by page as it is read. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean" }, followers: { type: "boolean" } },
  });
  const kind = values.followers ? "followers" : "followings";
  const list = new TikTok(clientOptions(io))[kind](onlyName(positionals, usage), { signal: io.signal });
  let count = 0;
  for await (const user of list) {
    count++;
    io.out(values.json ? JSON.stringify(user) : formatUser(user));
  }
  io.err(`${count} ${kind} shown, ${list.hidden ?? "an unknown number"} hidden`);
  return 0;
}
