import { TikTok } from "@roomtone/sdk";
import { parseArgs } from "node:util";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { clientOptions, onlyName } from "../options.ts";

/** Shown by `roomtone gifts --help`. */
export const usage = `roomtone gifts NAME [--json]
  Prints the gifts that can be sent to a host, cheapest first: diamonds, id, name.
  --json   one JSON object a gift`;

/** Prints the gift list of a host's current or last room; of a host without one, the general list. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: "boolean" } } });
  const tiktok = new TikTok(clientOptions(io));
  const { roomId } = await tiktok.roomStatus(onlyName(positionals, usage), { signal: io.signal });
  const gifts = await tiktok.giftList(roomId || undefined, { signal: io.signal });
  for (const gift of [...gifts].sort((one, other) => one.diamonds - other.diamonds)) {
    const { data: _, ...known } = gift;
    io.out(
      values.json ? JSON.stringify(known) : plain(`${String(gift.diamonds).padStart(6)}  ${gift.id}  ${gift.name}`),
    );
  }
  return 0;
}
