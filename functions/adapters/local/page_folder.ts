import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { gzipSync } from "node:zlib";
import type { PageFile, PageFiles } from "../../ports/page_files.ts";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};

/**
 * The built console in a folder. All of it is listed at once, so that a path of a request never becomes a path of the
 * machine; each file is read and packed when it is first asked for.
 * @returns `undefined` when the folder holds no console
 */
export function pageFolder(folder: string): PageFiles | undefined {
  const names = listed(folder);
  if (!names.has("index.html")) return undefined;
  const kept = new Map<string, { plain: PageFile; packed: PageFile }>();
  return {
    find(path, gzip) {
      const mediaType = MEDIA_TYPES[path.split(".").at(-1) ?? ""];
      if (!names.has(path) || mediaType === undefined) return Promise.resolve(undefined);
      let file = kept.get(path);
      if (file === undefined) {
        const bytes = readFileSync(join(folder, path));
        const about = (body: Uint8Array, packed: boolean) => ({ body: new Uint8Array(body), mediaType, gzip: packed });
        file = { plain: about(bytes, false), packed: about(gzipSync(bytes, { level: 9 }), true) };
        kept.set(path, file);
      }
      return Promise.resolve(gzip ? file.packed : file.plain);
    },
  };
}

/** Files of a folder and all below it, with `/` between names; none when there is no such folder. */
function listed(folder: string): Set<string> {
  try {
    const found = readdirSync(folder, { recursive: true, encoding: "utf8" });
    return new Set(found.map((name) => name.split(sep).join("/")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return new Set();
    throw error;
  }
}
