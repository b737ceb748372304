import type { HostRemovalReply, RetentionReply } from "@roomtone/functions/client";
import { normaliseUsername } from "@roomtone/sdk";
import { parseArgs } from "node:util";
import { formatTime, plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { openSystem } from "../system.ts";

/** Shown by `roomtone retention --help`. */
export const usage = `roomtone retention [--host NAME] [--dry-run] [--json] [--dir FOLDER]
  Deletes what is older than ROOMTONE_RETENTION says, as the system itself does from time to time: from the local system's
  data, or with --remote, by its own policy, from an API's. \`roomtone recordings keep\` keeps recordings from it.
  --host NAME    deletes all data of one host in place of that: the name on the watchlist, recordings, kept ones too, their
                 events and totals; what runs is stopped, and goes when this is asked again
  --dry-run      only lists what would go, and why
  --json         one JSON object for each
  --dir FOLDER   the local system's data (default: roomtone-data)

  Examples:
    roomtone retention --dry-run
    roomtone retention --host some.host --json`;

type Removal = RetentionReply["removed"][number];

/** Applies the retention policy, or deletes a host's data. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values: { host, "dry-run": dry = false, json = false, dir } } = parseArgs({
    args,
    options: {
      host: { type: "string" },
      "dry-run": { type: "boolean" },
      json: { type: "boolean" },
      dir: { type: "string" },
    },
  });
  const username = host === undefined ? undefined : normaliseUsername(host);
  const query = { dryRun: dry ? "true" as const : "false" as const };
  const done = dry ? "would go" : "gone";
  const { signal } = io;
  const { api, close } = openSystem(io, dir, usage);
  const tell = (what: string, removals: Removal[]) => {
    for (const each of removals) {
      const { recording_id: id, username, why, ended_at: endedAt } = each;
      if (json) io.out(JSON.stringify({ ...each, done: what }));
      else io.out(plain(`${what}  ${id}  @${username}  ${each.what}  ${why}  ended ${formatTime(endedAt)}`));
    }
  };
  const ask = async (): Promise<RetentionReply & Partial<HostRemovalReply>> => {
    if (username === undefined) return (await api.applyRetention({ query }, { signal })).body;
    return (await api.removeHost({ params: { username }, query }, { signal })).body;
  };
  try {
    for (;;) {
      const body = await ask();
      tell(done, body.removed);
      const goesOn = body.more && !dry && body.removed.length > 0;
      // What failed is tried again by the next call.
      if (!goesOn) tell("failed", body.failed);
      if (body.watched && json) io.out(JSON.stringify({ username, what: "watch", done }));
      else if (body.watched) io.out(`${done}  @${username}  on the watchlist`);
      for (const id of goesOn ? [] : body.unfinished ?? []) {
        io.out(json ? JSON.stringify({ recording_id: id, done: "unfinished" }) : `unfinished  ${id}`);
      }
      if (goesOn) continue;
      if (body.more) io.err("there is more");
      return body.failed.length === 0 ? 0 : 1;
    }
  } finally {
    close();
  }
}
