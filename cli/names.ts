/** Names of hosts as commands take them: words of the command line, lines of files and of standard input. */
import { isLiveError, type LiveError, normaliseUsername } from "@roomtone/sdk";
import { readFile } from "node:fs/promises";
import { aboutFile } from "./failures.ts";
import type { CliIo } from "./io.ts";
import { UsageError } from "./usage_error.ts";

/** The option of every command that takes several names. */
export const FROM = { from: { type: "string", multiple: true } } as const;

/** What the help of such a command says of it; `width` is that of its column of options. */
export function fromHelp(width: number): string {
  const rest = " ".repeat(width + 2);
  return `  ${
    "--from FILE".padEnd(width)
  }names of a file, one a line, too; - is standard input, and it may be repeated.\n` +
    `${rest}@name and URLs will do; empty lines and what follows a # are passed over`;
}

/** What cannot be a name. */
export interface WrongName {
  /** As it was given. */
  input: string;
  /** Where it stands, such as `names.txt:3`; `undefined` for a word of the command line. */
  at: string | undefined;
  error: LiveError;
}

/** The names of a command line. */
export interface Names {
  /** As the SDK writes them, each once, in the order in which they came first. */
  usernames: string[];
  wrong: WrongName[];
  /** Whether one name is all that was asked for: then its failure is that of the command. */
  only: boolean;
}

/**
 * Reads the names of a command line, and of the files that it names.
 * @param words names of the command line
 * @param files `--from`
 * @throws UsageError when there is no name at all
 * @throws LiveError `invalid_input` when the only name cannot be one
 */
export async function readNames(
  words: readonly string[],
  files: readonly string[] | undefined,
  io: CliIo,
  usage: string,
): Promise<Names> {
  const given: { input: string; at?: string }[] = words.map((input) => ({ input }));
  for (const file of files ?? []) {
    const lines = linesOf(
      file === "-" ? await readInput(io, usage) : await readFile(file, "utf8").catch(aboutFile(file)),
    );
    const name = file === "-" ? "standard input" : file;
    given.push(...lines.map(({ input, line }) => ({ input, at: `${name}:${line}` })));
  }
  if (given.length === 0) {
    throw new UsageError(files === undefined ? "no name was given" : `there is no name in ${files.join(", ")}`, usage);
  }
  const usernames = new Set<string>();
  const wrong: WrongName[] = [];
  const only = files === undefined && given.length === 1;
  for (const { input, at } of given) {
    try {
      usernames.add(normaliseUsername(input));
    } catch (error) {
      if (!isLiveError(error) || only) throw error;
      wrong.push({ input, at, error });
    }
  }
  return { usernames: [...usernames], wrong, only };
}

/** The lines that have a name, with their numbers. */
export function linesOf(text: string): { input: string; line: number }[] {
  return text.replace(/^\ufeff/, "").split(/\r\n|[\n\r]/).flatMap((line, i) => {
    const input = line.replace(/(^|\s)#.*$/, "").trim();
    return input === "" ? [] : [{ input, line: i + 1 }];
  });
}

async function readInput(io: CliIo, usage: string): Promise<string> {
  const { input, signal } = io;
  if (input === undefined) throw new UsageError("there is no standard input", usage);
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([input(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
