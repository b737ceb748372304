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
 * @param kind what is worked on: users, things with an id, folders
 */
export function teller(io: CliIo, json: boolean, kind: "user" | "id" | "folder" = "user"): Tell {
  return (who, error, at) => {
    const failure = failureOf(error);
    if (json) {
      const { detail: message, ...rest } = failure;
      io.out(JSON.stringify({ [kind]: who, ...(at === undefined ? {} : { at }), error: { ...rest, message } }));
    } else {
      const isName = kind === "user" && /^[\w.]+$/.test(who);
      const name = isName ? `@${who}` : kind !== "user" ? who : JSON.stringify(who.slice(0, 200));
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
  const code = await each(usernames, only, io, tell, work, atOnce);
  return wrong.length > 0 ? 1 : code;
}

/**
 * Works on each name or id, some at a time; all else as for {@link eachName}.
 * @param only whether one is all that was asked for
 */
export async function each(
  items: readonly string[],
  only: boolean,
  io: CliIo,
  tell: Tell,
  work: (item: string) => Promise<void>,
  atOnce = 1,
): Promise<number> {
  let failed = false;
  const left = items.values();
  const worker = async () => {
    for (const item of left) {
      try {
        await work(item);
      } catch (error) {
        io.signal.throwIfAborted();
        if (only || (error instanceof AppError && OF_THE_CALLER.has(error.code))) throw error;
        failed = true;
        tell(item, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return failed ? 1 : 0;
}
