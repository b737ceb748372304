import { parseArgs } from "node:util";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { openLookups } from "../lookups.ts";
import { onlyName } from "../options.ts";

/** Shown by `roomtone gifts --help`. */
export const usage = `roomtone gifts [NAME] [--json]
  Prints the gifts that can be sent to a host, cheapest first: diamonds, id, name.
  Without a name, and from an API, those that can be sent anywhere.
  --json   one JSON object a gift

  Examples:
    roomtone gifts some.host
    roomtone gifts --json`;

/** Prints the gift list of a host's current or last room; of a host without one, the general list. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: "boolean" } } });
  const name = positionals.length === 0 ? undefined : onlyName(positionals, usage);
  const gifts = await openLookups(io, usage).gifts(name);
  for (const gift of [...gifts].sort((one, other) => one.diamonds - other.diamonds)) {
    io.out(
      values.json ? JSON.stringify(gift) : plain(`${String(gift.diamonds).padStart(6)}  ${gift.id}  ${gift.name}`),
    );
  }
  return 0;
}
