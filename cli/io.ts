/** What a command may touch: its output, its environment, its end. Tests hand in their own. */
import process from "node:process";
import { text } from "node:stream/consumers";

/** A terminal that takes escape sequences. */
export interface Terminal {
  write(text: string): void;
  /** Its width now; it changes when people resize the window. */
  columns(): number;
}

/** A command's surroundings. */
export interface CliIo {
  /** Writes a line of the result to standard output. */
  out(line: string): void;
  /** Writes a line about the work to standard error. */
  err(line: string): void;
  /** Shows a short-lived line that the next line replaces; nothing where the output is not a terminal. */
  status(line: string): void;
  /** All of standard input, for commands that are told to read it. */
  input?(): Promise<string>;
  /** Standard output where it is a terminal, for a view of its own. */
  terminal?: Terminal;
  env: Record<string, string | undefined>;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  now(): number;
}

/** The surroundings of a real process. */
export function processIo(): CliIo {
  const abort = new AbortController();
  // The second signal takes the runtime's own way out, for a command that does not end.
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => abort.abort(new Error(name)));
  const terminal = process.stderr.isTTY === true;
  let shown = false;
  const clear = (): void => {
    if (shown) process.stderr.write("\r\x1b[K");
    shown = false;
  };
  return {
    out(line) {
      clear();
      process.stdout.write(`${line}\n`);
    },
    err(line) {
      clear();
      process.stderr.write(`${line}\n`);
    },
    status(line) {
      if (!terminal) return;
      clear();
      process.stderr.write(line.slice(0, (process.stderr.columns ?? 80) - 1));
      shown = true;
    },
    ...(process.stdout.isTTY === true && process.env["TERM"] !== "dumb"
      ? {
        terminal: {
          write: (text) => void process.stdout.write(text),
          columns: () => process.stdout.columns ?? 80,
        },
      }
      : {}),
    input: () => text(process.stdin),
    env: process.env,
    signal: abort.signal,
    now: () => Date.now(),
  };
}
