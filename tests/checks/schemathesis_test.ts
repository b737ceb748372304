/** The local server gives no answer that openapi.json does not name: Schemathesis asks it all kinds of things. */
import { assertEquals } from "@std/assert";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { loadConfig, LocalConfig, startLocal } from "../../functions/entry/local/mod.ts";
import { schemathesis } from "../../scripts/tools.mjs";
import { startStandin } from "../standin/mod.ts";

const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
];

describe("openapi.json", () => {
  it("names every answer that Schemathesis gets", async () => {
    const program = schemathesis();
    if (program === undefined) {
      if (process.env["CI"] === "true") throw new Error("there is no Python to run Schemathesis with");
      process.stdout.write("SKIPPED: there is no Python to run Schemathesis with\n");
      return;
    }
    const dataDir = mkdtempSync(join(tmpdir(), "roomtone-schemathesis-"));
    const standin = await startStandin({ media: false, seed: "schemathesis" });
    standin.room("0").startLive({ durationMs: 600_000 });
    const { web, webcast, socket, ttwid } = standin.baseUrls;
    const config = loadConfig(LocalConfig, {
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_RECORDER_SLOTS: "0",
      ROOMTONE_TIKTOK_REQUESTS_PER_MINUTE: "600000",
      ROOMTONE_TIKTOK_REQUEST_BURST: "10000",
      ROOMTONE_TIKTOK_WEB_URL: web,
      ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: socket,
      ROOMTONE_TIKTOK_TTWID_URL: ttwid,
    });
    const system = await startLocal(config, { logger: { info() {}, warn() {}, error() {} } });
    try {
      const args = ["run", `${system.url}/openapi.json`, "--checks", CHECKS.join(","), "--max-examples", "10"];
      const bounds = ["--phases", "examples,coverage,fuzzing", "--seed", "1", "--max-time", "20", "--no-color"];
      const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
        const options = {
          cwd: dataDir,
          timeout: 100_000,
          maxBuffer: 64 * 1024 * 1024,
          env: { ...process.env, NO_COLOR: "1" },
        };
        execFile(program, [...args, ...bounds], options, (error, stdout, stderr) => {
          resolve({
            code: error === null ? 0 : typeof error.code === "number" ? error.code : -1,
            output: stdout + stderr,
          });
        });
      });
      assertEquals({ code, output: code === 0 ? "" : output }, { code: 0, output: "" });
    } finally {
      await system.stop();
      await standin.stop();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
