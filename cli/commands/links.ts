import { parseArgs } from "node:util";
import { teller, tellWrong } from "../batch.ts";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { openLookups } from "../lookups.ts";
import { FROM, fromHelp, readNames } from "../names.ts";

/** Shown by `roomtone links --help`. */
export const usage = `roomtone links NAME... [--from FILE] [--json]
  Prints every stream link of each name that is live: quality, protocol, codec, resolution, bitrate, URL.
${fromHelp(13)}
  --json       one JSON object a name: user, live, and links or error

  Examples:
    roomtone links some.host
    roomtone links --from names.txt --json
    cat names.txt | roomtone links --from -`;

/** Names that are asked about before their answers are printed. */
const NAMES_AT_ONCE = 50;

/** Prints the stream links of each name; 1 when a name could not be looked up. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...FROM, json: { type: "boolean" } },
  });
  const { usernames, wrong } = await readNames(positionals, values.from, io, usage);
  const { links } = openLookups(io, usage);
  tellWrong(wrong, teller(io, values.json ?? false));
  let failed = wrong.length > 0;
  for (let i = 0; i < usernames.length; i += NAMES_AT_ONCE) {
    for (const result of await links(usernames.slice(i, i + NAMES_AT_ONCE))) {
      if (result.live === undefined) failed = true;
      if (values.json) {
        io.out(JSON.stringify(result));
      } else if (result.live === undefined) {
        const { code, message, remedy, evidence = {} } = result.error;
        const seen = JSON.stringify(evidence);
        io.out(plain(`@${result.user}: ${code}: ${message}. ${remedy}${seen === "{}" ? "" : `. Seen: ${seen}`}`));
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
  }
  return failed ? 1 : 0;
}
