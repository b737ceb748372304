import { assertEquals } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { pageFolder } from "./page_folder.ts";

describe("pageFolder()", () => {
  it("gives files of the folder, packed or not, and nothing beside it", async () => {
    const parent = mkdtempSync(join(tmpdir(), "roomtone-page-"));
    try {
      const folder = join(parent, "console");
      mkdirSync(join(folder, "assets"), { recursive: true });
      writeFileSync(join(folder, "index.html"), "page");
      writeFileSync(join(folder, "assets", "a.js"), "script");
      writeFileSync(join(parent, "secret.js"), "secret");
      const files = pageFolder(folder);
      assertEquals(new TextDecoder().decode((await files?.find("index.html", false))?.body), "page");
      const packed = await files?.find("assets/a.js", true);
      assertEquals([packed?.gzip, gunzipSync(packed?.body ?? "").toString()], [true, "script"]);
      for (const path of ["../secret.js", "assets", "assets/../index.html", "/index.html", ""]) {
        assertEquals([path, await files?.find(path, false)], [path, undefined]);
      }
      assertEquals(pageFolder(parent), undefined);
      assertEquals(pageFolder(join(parent, "nope")), undefined);
    } finally {
      rmSync(parent, { recursive: true });
    }
  });
});
