import { assertEquals } from "@std/assert";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, it } from "node:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventFiles } from "./event_files.ts";

describe("eventFiles()", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-"));
    await mkdir(join(dir, "host/1"), { recursive: true });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const write = (text: string) => writeFile(join(dir, "host/1/events.jsonl"), text);
  const read = async (folder: string, from: number) => {
    const lines = [];
    for await (const line of eventFiles(dir).read(folder, from)) lines.push(line);
    return lines;
  };
  const gift = '{"type":"gift","id":"7","at":5,"value":30}';
  const chat = '{"type":"chat","id":"8","at":6,"text":"a\\nb"}';

  it("reads what a recorder wrote, from an event on", async () => {
    await write(`${gift}\n${chat}\n`);
    assertEquals(await read("host/1", 0), [
      { type: "gift", id: "7", at: 5, diamonds: 30, json: gift },
      { type: "chat", id: "8", at: 6, diamonds: 0, json: chat },
    ]);
    assertEquals((await read("host/1", 1)).map(({ id }) => id), ["8"]);
    assertEquals(await read("host/1", 2), []);
  });

  it("leaves out a last line that is cut short", async () => {
    await write(`${gift}\n${chat.slice(0, 20)}`);
    assertEquals((await read("host/1", 0)).map(({ id }) => id), ["7"]);
  });

  it("gives none for a folder that is on another machine", async () => {
    assertEquals(await read("host/2", 0), []);
  });
});
