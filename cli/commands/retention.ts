import {
  applyRetention,
  folderFiles,
  loadConfig,
  LocalConfig,
  openLocalStore,
  type Removal,
  removeHost,
  type RetentionReport,
} from "@roomtone/functions/local";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { formatTime } from "../format.ts";
import type { CliIo } from "../io.ts";
import { UsageError } from "../options.ts";

/** Shown by `roomtone retention --help`. */
export const usage = `roomtone retention [--host NAME] [--dry-run] | keep ID... | unkeep ID... [--json] [--dir FOLDER]
  Deletes what is older than ROOMTONE_RETENTION says from the local system's data, as the system itself does each hour.
  --host NAME    deletes all recordings of one host in place of that, kept ones too; what runs is stopped, and goes when
                 this is asked again
  --dry-run      only lists what would go, and why
  keep, unkeep   puts recordings out of the policy's reach, or within it again
  --json         one JSON object for each
  --dir FOLDER   the system's data (default: roomtone-data)`;

/** Applies the retention policy, deletes a host's data, or keeps recordings. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals: [verb, ...ids] } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      host: { type: "string" },
      "dry-run": { type: "boolean" },
      json: { type: "boolean" },
      dir: { type: "string" },
    },
  });
  const { host, "dry-run": dryRun = false, json = false, dir } = values;
  const keeps = verb === "keep" || verb === "unkeep";
  if (verb !== undefined && !keeps) throw new UsageError("keep, unkeep or nothing comes first", usage);
  if (keeps && (ids.length === 0 || host !== undefined || dryRun)) throw new UsageError("ids alone go with it", usage);
  const config = loadConfig(LocalConfig, { ...io.env, ROOMTONE_DATA_DIR: dir ?? io.env["ROOMTONE_DATA_DIR"] });
  const store = openLocalStore(config);
  try {
    if (keeps) {
      let missing = 0;
      for (const id of ids) {
        const recording = await store.keepRecording(id, verb === "keep");
        if (recording === undefined) missing++;
        if (json) io.out(JSON.stringify({ recordingId: id, kept: recording?.kept ?? null }));
        else {io.out(
            recording === undefined ? `${id} is no recording` : `${id}  ${recording.kept ? "kept" : "not kept"}`,
          );}
      }
      return missing === 0 ? 0 : 1;
    }
    const deps = {
      store,
      files: folderFiles(join(resolve(config.dataDir), "recordings")),
      clock: { now: io.now, sleep: () => Promise.resolve() },
      // What could not be removed is in the report.
      logger: { info() {}, warn() {}, error() {} },
    };
    const options = { dryRun, signal: io.signal };
    const report = host === undefined
      ? await applyRetention(deps, config.retention, options)
      : await removeHost(deps, host, options);
    tell(report, io, json);
    return report.failed.length === 0 ? 0 : 1;
  } finally {
    store.close();
  }
}

function tell({ dryRun, removed, failed, unfinished }: RetentionReport, io: CliIo, json: boolean): void {
  const lines: [string, Removal[]][] = [[dryRun ? "would go" : "gone", removed], ["failed", failed]];
  for (const [done, removals] of lines) {
    for (const each of removals) {
      const { recordingId, username, what, why, endedAt } = each;
      if (json) io.out(JSON.stringify({ ...each, done }));
      else io.out(`${done}  ${recordingId}  @${username}  ${what}  ${why}  ended ${formatTime(endedAt)}`);
    }
  }
  for (const recordingId of unfinished) {
    io.out(json ? JSON.stringify({ recordingId, done: "unfinished" }) : `unfinished  ${recordingId}`);
  }
}
