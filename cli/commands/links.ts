import { parseArgs } from "node:util";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { openLookups } from "../lookups.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone links --help`. */
export const usage = `roomtone links NAME... [--json]
  Prints every stream link of each name that is live: quality, protocol, codec, resolution, bitrate, URL.
  --json   one JSON object a name`;

/** Prints the stream links of each name; 1 when a name could not be looked up. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: "boolean" } } });
  if (positionals.length === 0) throw new UsageError("no name was given", usage);
  const results = await openLookups(io, usage).links(positionals);
  let failed = false;
  for (const result of results) {
    if (result.live === undefined) failed = true;
    if (values.json) {
      io.out(JSON.stringify(result));
    } else if (result.live === undefined) {
      io.out(plain(`@${result.user}: ${result.error.code}: ${result.error.message}. ${result.error.remedy}`));
    } else if (!result.live) {
      io.out(plain(`@${result.user} is not live`));
    } else {
      io.out(plain(`@${result.user} is live: ${result.title}`));
      for (const link of result.links) {
        const size = link.resolution ? `${link.resolution.width}x${link.resolution.height}` : "";
        const rate = link.bitrateKbps === undefined ? "" : `${link.bitrateKbps} kb/s`;
        io.out(plain(`  ${[link.quality, link.protocol, link.codec, size, rate].filter(Boolean).join(" ")}`));
        io.out(plain(`    ${link.url}`));
      }
    }
  }
  return failed ? 1 : 0;
}
