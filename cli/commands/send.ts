import { parseArgs } from "node:util";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { openLookups } from "../lookups.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone send --help`. */
export const usage = `roomtone send NAME TEXT... [--json]
  Says something in the room of a host who is live.
  It is said by the session in ROOMTONE_TIKTOK_COOKIES, with the signer of ROOMTONE_EULER_KEY; with --remote by the
  session of the API, where that is switched on. Texts are joined by spaces.
  --json   one JSON object

  Example:
    roomtone send some.host hello there`;

/** Longest message, characters. */
const MOST_CHARACTERS = 500;

/** Sends one message. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: "boolean" } } });
  const [name, ...words] = positionals;
  if (name === undefined) throw new UsageError("no name was given", usage);
  const text = words.join(" ").trim();
  if (text === "") throw new UsageError("no text was given", usage);
  if (text.length > MOST_CHARACTERS) throw new UsageError(`a text has at most ${MOST_CHARACTERS} characters`, usage);
  await openLookups(io, usage).send(name, text);
  io.out(values.json ? JSON.stringify({ user: name, text, sent: true }) : plain(`said to @${name}: ${text}`));
  return 0;
}
