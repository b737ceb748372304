import { parseArgs } from "node:util";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { openLookups } from "../lookups.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone prices --help`. */
export const usage = `roomtone prices [--json]
  Prints what coins cost at this address (from an API: at its own), in US dollars and in the currencies that TikTok names.
  --json   one JSON object a packet

  Example:
    roomtone prices --json`;

/** Prints the price list of coins. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: "boolean" } } });
  if (positionals.length > 0) throw new UsageError("no name was expected", usage);
  for (const one of await openLookups(io, usage).prices()) {
    const others = one.prices.map((price) => `${price.currency} ${price.shown}`.trim()).join("  ");
    const dollars = `$${(one.priceUsdCents / 100).toFixed(2)}`;
    io.out(
      values.json
        ? JSON.stringify(one)
        : plain(`${String(one.diamonds).padStart(6)} coins  ${dollars.padStart(9)}  ${others}`.trimEnd()),
    );
  }
  return 0;
}
