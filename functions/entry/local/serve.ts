/**
 * The whole system as a process: settings from the environment, log on stderr, and a clean end on SIGINT or SIGTERM.
 * @module
 */
import { RecorderError } from "@roomtone/recorder";
import process from "node:process";
import { loadConfig, LocalConfig } from "../../contract/config.ts";
import { startLocal } from "./local_system.ts";

try {
  const system = await startLocal(loadConfig(LocalConfig, process.env));
  await new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  await system.stop();
  process.exit(0);
} catch (error) {
  const remedy = error instanceof RecorderError ? `. ${error.remedy}` : "";
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${remedy}\n`);
  process.exit(1);
}
