/** The command line: picks the command, reports what went wrong. */
import { COMMANDS } from "./commands.ts";
import { EXIT_CODES } from "./exit_codes.ts";
import type { CliIo } from "./io.ts";
import { takeRemote } from "./remote_option.ts";
import { UsageError } from "./usage_error.ts";

/** Commands that run on this machine alone, and why. */
const LOCAL: Readonly<Record<string, string>> = {
  live: "it enters the room itself",
  record: "it records into a folder of this machine",
  key: "keys are made beside the API's store: on its machine, or with ROOMTONE_TABLE_NAME set",
  repair: "it works on a folder of this machine",
  replay: "it reads a file of this machine",
  serve: "it is the API",
  demo: "it brings everything along",
  doctor: "it looks at this machine",
};

const USAGE = `roomtone COMMAND [arguments] [--remote URL]

${Object.values(COMMANDS).map(({ overview }) => overview).join("\n")}

--remote URL, or ROOMTONE_REMOTE, asks a deployed API in place of TikTok and of the local system, with the API key in
ROOMTONE_KEY; the key is sent to that address alone, which must begin with https:// except on this machine. On this
machine only: ${Object.keys(LOCAL).join(", ")}.
Exit codes: ${EXIT_CODES.map(([code, meaning]) => `${code} ${meaning}`).join("; ")}.
With --json results are JSON lines on standard output, and a failure is one JSON object on standard error.
NO_COLOR takes the colour out of what a terminal shows; --plain shows lines alone.
roomtone COMMAND --help tells the rest, with examples.`;

/**
 * Runs one command line.
 *
 * @param argv the words after the program's name
 * @returns the exit code: 0 done, 1 failed, 2 the command line is wrong, 130 interrupted
 */
export async function runCli(argv: string[], io: CliIo): Promise<number> {
  try {
    const { words, remote } = takeRemote(argv, USAGE);
    const env = remote === undefined ? io.env : { ...io.env, ROOMTONE_REMOTE: remote };
    return await runCommand(words, { ...io, env }, remote !== undefined);
  } catch (error) {
    return await report(error, USAGE, false, io);
  }
}

async function runCommand([name, ...args]: string[], io: CliIo, remoteAsked: boolean): Promise<number> {
  if (name === undefined || name === "--help" || name === "help") {
    io.out(USAGE);
    return name === undefined ? 2 : 0;
  }
  const listed = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (listed === undefined) throw new UsageError(`there is no command ${JSON.stringify(name)}`, USAGE);
  const command = await listed.load();
  if (args.includes("--help")) {
    io.out(command.usage);
    return 0;
  }
  try {
    const why = LOCAL[name];
    if (why !== undefined && remoteAsked) {
      throw new UsageError(`${name} runs on this machine only, without --remote: ${why}`, command.usage);
    }
    if (why !== undefined && io.env["ROOMTONE_REMOTE"]) {
      io.err(`${name} runs on this machine, whatever ROOMTONE_REMOTE says: ${why}`);
    }
    return await command.run(args, io);
  } catch (error) {
    if (io.signal.aborted && !isWrongUse(error)) return 130;
    return await report(error, command.usage, args.includes("--json"), io);
  }
}

/** Whether the command line itself is wrong. */
function isWrongUse(error: unknown): error is Error {
  return error instanceof UsageError ||
    (error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS"));
}

/** Says what went wrong, what was seen and what to do. */
async function report(error: unknown, usage: string, json: boolean, io: CliIo): Promise<number> {
  if (error instanceof UsageError) {
    io.err(`${error.message}\n\n${error.usage}`);
    return 2;
  }
  if (isWrongUse(error)) {
    io.err(`${error.message}\n\n${usage}`);
    return 2;
  }
  const { failureLines, failureOf } = await import("./failures.ts");
  const failure = failureOf(error);
  for (const line of json ? [JSON.stringify(failure)] : failureLines(failure)) io.err(line);
  return 1;
}
