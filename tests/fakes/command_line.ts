/** One command line, run in the test's own process, and what it printed. */
import type { CliIo } from "../../cli/io.ts";
import { runCli } from "../../cli/cli.ts";
import type { Standin } from "../standin/mod.ts";

/** Surroundings of {@link runCommandLine} that differ from the usual ones. */
export interface CommandLineOptions {
  env?: CliIo["env"];
  /** Standard input. */
  input?: string;
  signal?: AbortSignal;
  /** Sees each line of standard output and error when it is written. */
  onLine?: (line: string) => void;
  now?: () => number;
}

/** What a command line printed, line by line, and how it ended. */
export interface CommandLineResult {
  code: number;
  out: string[];
  err: string[];
}

/** The environment that leads a command to the stand-in. */
export function standinEnv({ baseUrls: { web, webcast, socket, ttwid } }: Standin): Record<string, string> {
  return {
    ROOMTONE_TIKTOK_WEB_URL: web,
    ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
    ROOMTONE_TIKTOK_SOCKET_URL: socket,
    ROOMTONE_TIKTOK_TTWID_URL: ttwid,
  };
}

/** Runs a command line to its end. */
export async function runCommandLine(
  argv: string[],
  { env = {}, input, signal = new AbortController().signal, onLine, now = Date.now }: CommandLineOptions = {},
): Promise<CommandLineResult> {
  const out: string[] = [];
  const err: string[] = [];
  const writer = (lines: string[]) => (line: string) => {
    lines.push(line);
    onLine?.(line);
  };
  const code = await runCli(argv, {
    out: writer(out),
    err: writer(err),
    status: () => undefined,
    ...(input === undefined ? {} : { input: () => Promise.resolve(input) }),
    env,
    signal,
    now,
  });
  return { code, out, err };
}
