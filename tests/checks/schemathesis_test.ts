/** The local server gives no answer that openapi.json does not name: Schemathesis asks it all kinds of things. */
import { assert, assertEquals } from "@std/assert";
import { execFile } from "node:child_process";
import { getRandomValues } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import {
  createKey,
  loadConfig,
  LocalConfig,
  openKeys,
  type Scope,
  startLocal,
} from "../../functions/entry/local/mod.ts";
import { listen } from "../../functions/entry/local/server.ts";
import { schemathesis } from "../../scripts/tools.mjs";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { startStandin } from "../standin/mod.ts";

const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
];

/** What Schemathesis asks, and for how long. */
interface Asking {
  /** A key with these scopes; without it the server is open, as on loopback. */
  key?: { scopes: Scope[]; requestsPerMinute: number };
  /** An API key that the server does not know. */
  unknownKey?: boolean;
  phases: string;
  seconds: number;
}

/** Asks a server that is its own; gives back the statuses that it answered with. */
async function ask({ key, unknownKey, phases, seconds }: Asking): Promise<Set<number>> {
  const program = schemathesis();
  if (program === undefined) {
    if (process.env["CI"] === "true") throw new Error("there is no Python to run Schemathesis with");
    process.stdout.write("SKIPPED: there is no Python to run Schemathesis with\n");
    return new Set();
  }
  const dataDir = mkdtempSync(join(tmpdir(), "roomtone-schemathesis-"));
  const standin = await startStandin({ media: false, seed: "schemathesis" });
  standin.room("0").startLive({ durationMs: 600_000 });
  const { web, webcast, socket, ttwid } = standin.baseUrls;
  const env = {
    ROOMTONE_HOST: key === undefined && !unknownKey ? "127.0.0.1" : "0.0.0.0",
    ROOMTONE_PORT: "0",
    ROOMTONE_DATA_DIR: dataDir,
    ROOMTONE_RECORDER_SLOTS: "0",
    ROOMTONE_TIKTOK_REQUESTS_PER_MINUTE: "600000",
    ROOMTONE_TIKTOK_REQUEST_BURST: "10000",
    ROOMTONE_TIKTOK_WEB_URL: web,
    ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
    ROOMTONE_TIKTOK_SOCKET_URL: socket,
    ROOMTONE_TIKTOK_TTWID_URL: ttwid,
  };
  const logger = new CaptureLogger();
  const onLoopback: typeof listen = (app, address) => listen(app, { ...address, host: "127.0.0.1" });
  const system = await startLocal(loadConfig(LocalConfig, env), { logger, listen: onLoopback });
  try {
    const headers = ["--header", `x-api-key: ${key === undefined ? "rtk_0_0" : await newKey(env, key)}`];
    const args = ["run", `${system.url}/openapi.json`, "--checks", CHECKS.join(","), "--max-examples", "10"];
    // A caller may ask to wait 20 s for the next event.
    const patience = ["--request-timeout", "30"];
    const bounds = ["--phases", phases, "--seed", "1", "--max-time", String(seconds), "--no-color"];
    const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
      const options = {
        cwd: dataDir,
        timeout: 100_000,
        maxBuffer: 64 * 1024 * 1024,
        env: { ...process.env, NO_COLOR: "1" },
      };
      execFile(program, [...args, ...bounds, ...patience, ...headers], options, (error, stdout, stderr) => {
        resolve({
          code: error === null ? 0 : typeof error.code === "number" ? error.code : -1,
          output: stdout + stderr,
        });
      });
    });
    assertEquals({ code, output: code === 0 ? "" : output }, { code: 0, output: "" });
    return new Set(
      logger.lines.filter(({ event }) => event === "request").map(({ fields }) => Number(fields["status"])),
    );
  } finally {
    await system.stop();
    await standin.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function newKey(env: Record<string, string>, key: { scopes: Scope[]; requestsPerMinute: number }) {
  const keys = await openKeys(env);
  const random = (bytes: Uint8Array<ArrayBuffer>) => getRandomValues(bytes);
  const { secret } = await createKey({ keys, now: Date.now(), random }, { name: "schemathesis", ...key });
  keys.close();
  return secret;
}

/** Whether there were answers with all of these statuses, where Schemathesis ran. */
function assertSeen(seen: Set<number>, ...statuses: number[]): void {
  if (seen.size === 0) return;
  for (const status of statuses) assert(seen.has(status), `no answer had the status ${status}: ${[...seen]}`);
}

describe("openapi.json", () => {
  it("names every answer that Schemathesis gets", async () => {
    assertSeen(await ask({ phases: "examples,coverage,fuzzing", seconds: 20 }), 200, 201, 204, 400, 404);
  });

  it("names every answer to a key that may not do all", async () => {
    const key = { scopes: ["read"], requestsPerMinute: 100_000 } as const;
    const seen = await ask({ key: { ...key, scopes: [...key.scopes] }, phases: "examples,coverage", seconds: 10 });
    assertSeen(seen, 200, 400, 403, 404);
  });

  it("names every answer to a key that asks too often, and to one that is unknown", async () => {
    const often = await ask({ key: { scopes: ["read"], requestsPerMinute: 2 }, phases: "coverage", seconds: 20 });
    assertSeen(often, 429);
    assertSeen(await ask({ unknownKey: true, phases: "coverage", seconds: 5 }), 401);
  });
});
