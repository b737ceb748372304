/** Many callers at once, on the whole local system over HTTP. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, LocalConfig, startLocal } from "@roomtone/functions/local";
import { SESSION_ID } from "../standin/call_routes.ts";
import type { Standin } from "../standin/mod.ts";

const CALLERS = 200;
const DURATION_MS = 8_000;
const PATHS = [
  "/api/links?usernames[]=own.1",
  "/api/links?usernames[]=own.2&usernames[]=own.3&usernames[]=nobody",
  "/tiktok/user-info?uniqueId=own.4",
  "/tiktok/user-followings?uniqueId=own.4&count=20",
  "/tiktok/user-followers?uniqueId=own.4&count=20",
  "/api/live?usernames[]=own.6&usernames[]=own.7",
  "/api/rooms/own.8",
  "/api/gifts",
  "/api/prices",
  "/api/feed",
  "/watchlist",
  "/recordings",
  "/health",
  "/openapi.json",
  "/api/links?usernames[]=own.5&protocol=hls",
];

/** What the callers saw. */
export interface LoadResult {
  requests: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  /** Requests without an answer, or with a status of 500 and above. */
  failed: number;
  /** Answers by status; 0 is none at all. */
  statuses: Record<string, number>;
}

/** Lets all callers ask one thing after the other, each beginning at another path. */
export async function load({ baseUrls }: Standin): Promise<LoadResult> {
  const dataDir = mkdtempSync(join(tmpdir(), "roomtone-load-"));
  const config = loadConfig(LocalConfig, {
    ROOMTONE_PORT: "0",
    ROOMTONE_DATA_DIR: dataDir,
    ROOMTONE_RECORDER_SLOTS: "0",
    ROOMTONE_TIKTOK_COOKIES: `sessionid=${SESSION_ID}`,
    ROOMTONE_TIKTOK_WEB_URL: baseUrls.web,
    ROOMTONE_TIKTOK_WEBCAST_URL: baseUrls.webcast,
    ROOMTONE_TIKTOK_SOCKET_URL: baseUrls.socket,
    ROOMTONE_TIKTOK_TTWID_URL: baseUrls.ttwid,
  });
  const system = await startLocal(config, { logger: { info() {}, warn() {}, error() {} } });
  const times: number[] = [];
  const statuses: Record<string, number> = {};
  const started = performance.now();
  try {
    await Promise.all(Array.from({ length: CALLERS }, async (_, caller) => {
      for (let turn = caller; performance.now() - started < DURATION_MS; turn++) {
        const asked = performance.now();
        let status = 0;
        try {
          const response = await fetch(`${system.url}${PATHS[turn % PATHS.length]}`);
          await response.arrayBuffer();
          status = response.status;
        } catch {
          // Counted as status 0.
        }
        times.push(performance.now() - asked);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    }));
  } finally {
    await system.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? NaN;
  const failed = Object.entries(statuses).reduce(
    (sum, [status, count]) => Number(status) === 0 || Number(status) >= 500 ? sum + count : sum,
    0,
  );
  return { requests: times.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99), failed, statuses };
}
