/** `--remote`, which stands anywhere on a command line. */
import { UsageError } from "./usage_error.ts";

/** Where a command line is to run, and its words without that. */
export interface Place {
  words: string[];
  /** What `--remote` says; `undefined` without it. */
  remote: string | undefined;
}

/**
 * Takes `--remote URL` out of a command line, wherever it stands before `--`.
 * @throws UsageError when the address is missing
 */
export function takeRemote(argv: readonly string[], usage: string): Place {
  const words: string[] = [];
  let remote: string | undefined;
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (i >= end || !/^--remote(=|$)/.test(word)) {
      words.push(word);
      continue;
    }
    remote = word === "--remote" ? argv[++i] : word.slice("--remote=".length);
    if (!remote || remote.startsWith("-")) throw new UsageError("--remote takes the address of an API", usage);
  }
  return { words, remote };
}
