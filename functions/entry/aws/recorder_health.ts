/**
 * Whether the recorder task lives: 0 when it said so within a minute, else 1. The image's health check runs this.
 * @module
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { loadConfig, RecorderTaskConfig } from "../../contract/config.ts";
import { ALIVE_FILE, ALIVE_MAX_MS } from "./alive_file.ts";

const { dataDir } = loadConfig(RecorderTaskConfig, process.env);
const written = statSync(join(dataDir, ALIVE_FILE), { throwIfNoEntry: false });
process.exit(written !== undefined && Date.now() - written.mtimeMs < ALIVE_MAX_MS ? 0 : 1);
