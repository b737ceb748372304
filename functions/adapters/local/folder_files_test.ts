import { assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { recordingFilesSuite } from "../../../tests/suites/recording_files_suite.ts";
import type { RecordingFiles } from "../../ports/recording_files.ts";
import { folderFiles, folderSpool } from "./folder_files.ts";

recordingFilesSuite("folderFiles()", async () => {
  const root = await mkdtemp(join(tmpdir(), "roomtone-files-"));
  return {
    files: folderFiles(root),
    async put(folder, name, text) {
      await mkdir(join(root, folder), { recursive: true });
      await writeFile(join(root, folder, name), text);
    },
    close: () => rm(root, { recursive: true }),
  };
});

describe("folderFiles()", () => {
  let root: string;
  let files: RecordingFiles;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "roomtone-files-"));
    files = folderFiles(root);
    for (const folder of ["host/one", "host/two"]) {
      await mkdir(join(root, folder), { recursive: true });
      for (const name of ["events.jsonl", "index.m3u8"]) await writeFile(join(root, folder, name), "x");
    }
  });
  afterEach(() => rm(root, { recursive: true }));

  const there = () =>
    ["host", "host/one", "host/one/events.jsonl", "host/one/index.m3u8", "host/two"]
      .filter((path) => existsSync(join(root, path)));

  it("remove() takes one file, and does not miss one that is not there", async () => {
    for (let i = 0; i < 2; i++) await files.remove("host/one", "events.jsonl");
    assertEquals(there(), ["host", "host/one", "host/one/index.m3u8", "host/two"]);
  });

  it("remove() takes a folder, and with a host's last one the host's own", async () => {
    await files.remove("host/one");
    assertEquals(there(), ["host", "host/two"]);
    for (let i = 0; i < 2; i++) await files.remove("host/two");
    assertEquals([there(), existsSync(root)], [[], true]);
  });

  it("folderSpool() lists folders, and the files in one that are closed", async () => {
    await mkdir(join(root, "host/one/work"));
    await writeFile(join(root, "host/one/manifest.json.tmp"), "x");
    const spool = folderSpool(root);
    assertEquals(await spool.folders(), ["host/one", "host/two"]);
    assertEquals([await spool.names("host/one"), await spool.names("none/at")], [["events.jsonl", "index.m3u8"], []]);
    assertEquals(await folderSpool(join(root, "none")).folders(), []);
  });

  it("remove() leads nowhere else", async () => {
    for (const [folder, name] of [["..", undefined], ["host/../..", undefined], ["host/one", "../two"], ["", "x"]]) {
      await assertRejects(() => files.remove(folder ?? "", name));
    }
    assertEquals(there().length, 5);
  });
});
