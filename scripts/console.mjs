// Builds the console with Vite into dist/console, when what is there is older than its sources.
// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./tools.mjs";

/** Files that the page is made of, beside the console's own. */
const SHARED = ["functions/client", "functions/contract", "sdk/src", "bun.lock"];

/**
 * The built console.
 * @param {string} bunPath
 * @returns {string} its folder
 */
export function builtConsole(bunPath) {
  const folder = join(ROOT, "dist", "console");
  const page = join(folder, "index.html");
  const newest = Math.max(...["console", ...SHARED].map((path) => newestIn(join(ROOT, path))));
  if (existsSync(page) && statSync(page).mtimeMs >= newest) return folder;
  const vite = join(ROOT, "node_modules", "vite", "bin", "vite.js");
  const { status, stdout, stderr } = spawnSync(bunPath, [vite, "build", "console"], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`building the console failed: ${stdout}${stderr}`);
  return folder;
}

/** @param {string} path @returns {number} */
function newestIn(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  const below = readdirSync(path).filter((name) => name !== "node_modules").map((name) => newestIn(join(path, name)));
  return Math.max(mtimeMs, ...below);
}
