/** The project's own source files, as git lists them, and what they import. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/tools.mjs";

export { ROOT };

/** One import, export-from or dynamic import of a file. */
export interface Import {
  file: string;
  /** The specifier as written. */
  specifier: string;
  /** True for `import type` and `export type`, which are gone at run time. */
  typeOnly: boolean;
}

/** Files that git tracks or would track, by path from the clone's top. */
export function sourceFiles(pattern: RegExp): string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return listed.split("\n").filter((file) => pattern.test(file) && existsSync(join(ROOT, file)));
}

/** The text of a file. */
export function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** The text without comments, so that examples in docs are not taken for code. */
export function code(file: string): string {
  return read(file).replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** Every import of a file. */
export function importsOf(file: string): Import[] {
  const text = code(file);
  const found: Import[] = [];
  const statements = /^\s*(import|export)(\s+type)?\s[^;"']*?from\s+["']([^"']+)["']|^\s*import\s+["']([^"']+)["']/gm;
  for (const match of text.matchAll(statements)) {
    found.push({ file, specifier: match[3] ?? match[4] ?? "", typeOnly: match[2] !== undefined });
  }
  for (const match of text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)) {
    found.push({ file, specifier: match[1] ?? "", typeOnly: false });
  }
  return found;
}
