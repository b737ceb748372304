import type { RetentionPolicy } from "../contract/retention.ts";
import type { HostRemovalReply, RetentionReply } from "../contract/schemas.ts";
import {
  applyRetention,
  type Removal,
  removeHost,
  type RetentionDeps,
  type RetentionOptions,
  type RetentionReport,
} from "../core/retention.ts";
import type { Store } from "../ports/store.ts";
import type { Answer } from "./mount.ts";

/** What the retention routes work with. */
export interface RetentionRoutesDeps extends RetentionDeps {
  store: Store;
  /** @default everything is kept */
  retention?: RetentionPolicy | undefined;
  /** Ends a recording at once where this process records it. */
  finish?: ((recordingId: string) => void) | undefined;
}

/** Longest time for one call, ms: API Gateway gives 30 s. What is left goes with the next one. */
const CALL_MS = 20_000;
/** Most removals that one answer tells: about 1.5 MB. */
const MOST_TOLD = 10_000;
const KEEP_ALL: RetentionPolicy = { default: {}, hosts: {} };

/** Answers of the retention routes. */
export function retentionHandlers(deps: RetentionRoutesDeps) {
  const optionsOf = (dryRun: boolean, { signal }: Request): RetentionOptions => ({
    ...{ dryRun, most: MOST_TOLD, signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]) },
  });
  return {
    async apply(dryRun: boolean, request: Request): Promise<Answer> {
      const report = await applyRetention(deps, deps.retention ?? KEEP_ALL, optionsOf(dryRun, request));
      return { body: toReply(report) };
    },
    async removeHost(username: string, dryRun: boolean, request: Request): Promise<Answer> {
      const report = await removeHost(deps, username, optionsOf(dryRun, request));
      if (!dryRun) { for (const id of report.unfinished) deps.finish?.(id); }
      const { unfinished, watched } = report;
      const body: HostRemovalReply = { ...toReply(report), unfinished, watched };
      return { body };
    },
  };
}

function toReply({ dryRun, removed, failed, more }: RetentionReport): RetentionReply {
  return { dry_run: dryRun, removed: removed.map(toRemoval), failed: failed.map(toRemoval), more };
}

function toRemoval({ recordingId, username, what, why, endedAt, bytes }: Removal): RetentionReply["removed"][number] {
  return { recording_id: recordingId, username, what, why, ended_at: endedAt, bytes };
}
