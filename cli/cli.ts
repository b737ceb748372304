/** The command line: picks the command, reports what went wrong. */
import { isLiveError } from "@roomtone/sdk";
import * as demo from "./commands/demo.ts";
import * as feed from "./commands/feed.ts";
import * as followings from "./commands/followings.ts";
import * as gifts from "./commands/gifts.ts";
import * as key from "./commands/key.ts";
import * as links from "./commands/links.ts";
import * as live from "./commands/live.ts";
import * as prices from "./commands/prices.ts";
import * as record from "./commands/record.ts";
import * as repair from "./commands/repair.ts";
import * as replay from "./commands/replay.ts";
import * as serve from "./commands/serve.ts";
import * as user from "./commands/user.ts";
import * as watch from "./commands/watch.ts";
import type { CliIo } from "./io.ts";
import { UsageError } from "./options.ts";

interface Command {
  usage: string;
  run(args: string[], io: CliIo): Promise<number>;
}

const COMMANDS: Record<string, Command> = {
  live,
  record,
  links,
  user,
  followings,
  gifts,
  prices,
  feed,
  watch,
  key,
  repair,
  replay,
  serve,
  demo,
};

const USAGE = `roomtone COMMAND [arguments]

${Object.values(COMMANDS).map((command) => command.usage.split("\n").slice(0, 2).join("\n")).join("\n")}

roomtone COMMAND --help tells the rest.`;

/**
 * Runs one command line.
 *
 * @param argv the words after the program's name
 * @returns the exit code: 0 done, 1 failed, 2 the command line is wrong, 130 interrupted
 */
export async function runCli(argv: string[], io: CliIo): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === "--help" || name === "help") {
    io.out(USAGE);
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS[name];
  if (command === undefined) {
    io.err(`there is no command ${JSON.stringify(name)}\n\n${USAGE}`);
    return 2;
  }
  if (args.includes("--help")) {
    io.out(command.usage);
    return 0;
  }
  try {
    return await command.run(args, io);
  } catch (error) {
    if (io.signal.aborted) return 130;
    return report(error, command, io);
  }
}

function report(error: unknown, command: Command, io: CliIo): number {
  if (error instanceof UsageError) {
    io.err(`${error.message}\n\n${error.usage}`);
    return 2;
  }
  if (error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
    io.err(`${error.message}\n\n${command.usage}`);
    return 2;
  }
  if (isLiveError(error)) {
    const evidence = Object.keys(error.evidence).length > 0 ? `\n  seen: ${JSON.stringify(error.evidence)}` : "";
    io.err(`${error.code}: ${error.message}${evidence}\n  to do: ${error.remedy}`);
    return 1;
  }
  io.err(error instanceof Error ? error.message : String(error));
  return 1;
}
