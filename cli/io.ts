/** What a command may touch: its input and output, its environment, its end. Tests hand in their own. */
import { setMaxListeners } from "node:events";
import process from "node:process";
import { text } from "node:stream/consumers";
import { terminalSafe } from "./format.ts";

/** A terminal that takes escape sequences. */
export interface Terminal {
  write(text: string): void;
  /** Its width now; it changes when people resize the window. */
  columns(): number;
  /** Its height now. */
  rows(): number;
  /** Tells of a new size. */
  onResize(changed: () => void): () => void;
  /** What is to be written should the process end before the terminal is as it was; `undefined`: it is. */
  restoreWith(text: string | undefined): void;
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

/** Exit code of a command that a second signal ends where it stands. */
const INTERRUPTED = 130;

/** The surroundings of a real process. */
export function processIo(): CliIo {
  const abort = new AbortController();
  // Each name of a command listens.
  setMaxListeners(0, abort.signal);
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      // The second signal is for a command that does not end.
      if (abort.signal.aborted) process.exit(INTERRUPTED);
      abort.abort(new Error(name));
    });
  }
  // Whoever read the output has enough of it, as with `| head`: nobody is there to be told.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  const terminal = process.stderr.isTTY === true;
  const outToTerminal = process.stdout.isTTY === true;
  let shown = false;
  const clear = (): void => {
    if (shown) process.stderr.write("\r\x1b[K");
    shown = false;
  };
  return {
    out(line) {
      clear();
      process.stdout.write(`${outToTerminal ? terminalSafe(line) : line}\n`);
    },
    err(line) {
      clear();
      process.stderr.write(`${terminal ? terminalSafe(line) : line}\n`);
    },
    status(line) {
      if (!terminal) return;
      clear();
      process.stderr.write(line.slice(0, (process.stderr.columns ?? 80) - 1));
      shown = true;
    },
    ...(outToTerminal && process.env["TERM"] !== "dumb" ? { terminal: processTerminal() } : {}),
    input: () => text(process.stdin),
    env: process.env,
    signal: abort.signal,
    now: () => Date.now(),
  };
}

function processTerminal(): Terminal {
  let restore: string | undefined;
  process.on("exit", () => {
    if (restore !== undefined) process.stdout.write(restore);
  });
  return {
    write: (text) => void process.stdout.write(text),
    columns: () => process.stdout.columns ?? 80,
    rows: () => process.stdout.rows ?? 24,
    onResize(changed) {
      process.stdout.on("resize", changed);
      return () => void process.stdout.off("resize", changed);
    },
    restoreWith: (text) => void (restore = text),
  };
}
