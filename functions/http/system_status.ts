import type { RouteReport } from "@roomtone/sdk";
import { APP_ERROR_CODES, type AppErrorCode } from "../contract/errors.ts";
import { redactText } from "../contract/redaction.ts";
import type { SystemReply } from "../contract/schemas.ts";
import type { RequestBudget } from "../core/request_budget.ts";
import type { TroubleReport } from "../core/recent_trouble.ts";
import type { CallReport } from "../core/upstream.ts";
import type { Clock } from "../ports/clock.ts";
import type { Recording, RecordingStore } from "../ports/recording_store.ts";

/** What a process knows of itself, for `GET /system`. */
export interface StatusSources {
  /** Recordings that each recorder can hold. */
  recorderSlots?: number;
  /** Name of this process as a recorder. */
  owner?: string;
  /** What it has learnt of TikTok. */
  tiktok?: () => { calls: CallReport[]; routes: RouteReport[]; budget: ReturnType<RequestBudget["state"]> };
  /** Where it records to. */
  disk?: () => Promise<{ freeBytes: number; totalBytes: number; leastFreeBytes: number }>;
  /** Its warnings and errors. */
  trouble?: () => TroubleReport;
}

/** What {@link systemStatus} works with. */
export interface StatusDeps {
  store: Pick<RecordingStore, "listOpenRecordings">;
  clock: Pick<Clock, "now">;
  /** @default only what the store knows */
  status?: StatusSources | undefined;
}

/** Recordings that are told of. */
const MOST_RECORDINGS = 1_000;
const CODES: ReadonlySet<string> = new Set(APP_ERROR_CODES);
const CALL_STATES = { closed: "works", half_open: "probing", open: "resting" } as const;

/** The system at work, as far as this process knows it. */
export async function systemStatus({ store, clock, status = {} }: StatusDeps): Promise<SystemReply> {
  const [found, disk] = await Promise.all([store.listOpenRecordings(MOST_RECORDINGS + 1), status.disk?.()]);
  const now = clock.now();
  const open = found.slice(0, MOST_RECORDINGS);
  const tiktok = status.tiktok?.();
  const trouble = status.trouble?.();
  return {
    at: now,
    tiktok: tiktok && {
      routes: tiktok.routes.map(toRoute),
      calls: tiktok.calls.map(toCall),
      requests: {
        per_minute: Math.round(tiktok.budget.requestsPerMinute * 10) / 10,
        available: tiktok.budget.available,
        waiting: tiktok.budget.waiting,
        paused_until: tiktok.budget.pausedMs > 0 ? now + Math.ceil(tiktok.budget.pausedMs) : undefined,
      },
    },
    recorders: recordersOf(open, status),
    waiting: open.filter(({ state }) => state === "wanted").map(({ id, username, dueAt = now, failures }) => (
      { id, username, due_at: dueAt, failures }
    )),
    more: found.length > open.length,
    disk: disk && {
      free_bytes: disk.freeBytes,
      total_bytes: disk.totalBytes,
      least_free_bytes: disk.leastFreeBytes,
      low: disk.freeBytes < disk.leastFreeBytes,
    },
    trouble: trouble && {
      minutes: trouble.minutes,
      kinds: trouble.kinds.map(({ event, level, count, lastAt }) => ({ event, level, count, last_at: lastAt })),
    },
  };
}

function toRoute({ route, state, failures, since, error, nextTryAt }: RouteReport) {
  return {
    ...{ route, state, failures, since },
    code: codeOf(error?.code),
    detail: error && redactText(error.message),
    next_try_at: nextTryAt,
  };
}

function toCall({ call, state, failures, since, code, nextTryAt }: CallReport) {
  const known = since === undefined ? "unknown" : state === "closed" && failures > 0 ? "failing" : CALL_STATES[state];
  return { call, state: known, failures, since, code, next_try_at: nextTryAt } as const;
}

function codeOf(code: string | undefined): AppErrorCode | undefined {
  return code !== undefined && CODES.has(code) ? code as AppErrorCode : undefined;
}

/** Recorders by name, that of this process first. */
function recordersOf(open: readonly Recording[], { owner: own, recorderSlots: slots }: StatusSources) {
  const held = new Map<string, SystemReply["recorders"][number]["recordings"]>();
  if (own !== undefined) held.set(own, []);
  for (const { id, username, state, parts, leaseToken, leaseOwner = "", dueAt = 0 } of open) {
    if (state !== "recording") continue;
    const recordings = held.get(leaseOwner) ?? [];
    held.set(leaseOwner, recordings);
    const started_at = parts.find(({ part }) => part === leaseToken)?.startedAt;
    recordings.push({ id, username, part: leaseToken, started_at, lease_until: dueAt });
  }
  return [...held].map(([owner, recordings]) => ({ owner, slots, recordings }));
}
