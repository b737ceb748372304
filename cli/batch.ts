/** Work on many names: each is told, none stops the others. */
import { AppError } from "@roomtone/functions/client";
import { failureLines, failureOf } from "./failures.ts";
import type { CliIo } from "./io.ts";
import type { Names, WrongName } from "./names.ts";

/** Refusals of whoever asks: for the next name they would be the same. */
const OF_THE_CALLER: ReadonlySet<string> = new Set(["unauthorized", "forbidden"]);

/** Where failures of single names go. */
export type Tell = (who: string, error: unknown, at?: string) => void;

/** Tells what cannot be a name, with its line. */
export function tellWrong(wrong: readonly WrongName[], tell: Tell): void {
  for (const { input, at, error } of wrong) tell(input, error, at);
}

/**
 * How failures of names are told: as JSON lines among the results, `{"user", "at", "error"}`; for people as lines beside
 * them.
 */
export function teller(io: CliIo, json: boolean): Tell {
  return (who, error, at) => {
    const failure = failureOf(error);
    if (json) {
      const { detail: message, ...rest } = failure;
      io.out(JSON.stringify({ user: who, ...(at === undefined ? {} : { at }), error: { ...rest, message } }));
    } else {
      const name = /^[\w.]+$/.test(who) ? `@${who}` : JSON.stringify(who.slice(0, 200));
      for (const line of failureLines(failure, at === undefined ? name : `${at}: ${name}`)) io.err(line);
    }
  };
}

/**
 * Works on each name, some at a time.
 * @param atOnce names at a time
 * @returns the exit code: 1 when a name failed
 * @throws what `work` throws, when one name is all that was asked for; the signal's reason; what would be the same for
 * every name
 */
export async function eachName(
  { usernames, wrong, only }: Names,
  io: CliIo,
  tell: Tell,
  work: (username: string) => Promise<void>,
  atOnce = 1,
): Promise<number> {
  tellWrong(wrong, tell);
  let failed = wrong.length > 0;
  const left = usernames.values();
  const worker = async () => {
    for (const username of left) {
      try {
        await work(username);
      } catch (error) {
        io.signal.throwIfAborted();
        if (only || (error instanceof AppError && OF_THE_CALLER.has(error.code))) throw error;
        failed = true;
        tell(username, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, usernames.length) }, worker));
  return failed ? 1 : 0;
}
