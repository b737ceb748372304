/**
 * Asks `deno doc` what modules export.
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { DocModule } from "./api_text.ts";
import { deno, ROOT } from "./tools.mjs";

/** A door of a package: what programs import. */
export interface Door {
  /** Such as `@roomtone/sdk/euler`. */
  title: string;
  /** The file behind it. */
  file: string;
}

/** The doors of a package, as its package.json lists them. */
export function doorsOf(folder: string): Door[] {
  const { name, exports }: { name: string; exports: Record<string, string> } = JSON.parse(
    readFileSync(join(ROOT, folder, "package.json"), "utf8"),
  );
  return Object.entries(exports).map(([door, file]) => ({ title: join(name, door), file: join(ROOT, folder, file) }));
}

/**
 * What files export, with their docs.
 * @returns in the order of the files
 */
export function docsOf(files: readonly string[]): DocModule[] {
  const run = spawnSync(deno(), ["doc", "--json", ...files], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (run.status !== 0) throw new Error(`Cannot read the API: ${run.stderr}`);
  const { version, nodes }: { version: number; nodes: Record<string, DocModule> } = JSON.parse(run.stdout);
  if (version !== 2) throw new Error(`Cannot read the API: deno doc writes format ${version}, not 2`);
  return files.map((file) => {
    const module = nodes[pathToFileURL(file).href];
    if (module === undefined) throw new Error(`Cannot read the API: deno doc says nothing of ${file}`);
    return module;
  });
}
