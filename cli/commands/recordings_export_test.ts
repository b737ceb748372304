import { assertEquals, assertStringIncludes } from "@std/assert";
import { loadConfig, LocalConfig, openLocalStore } from "@roomtone/functions/local";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { CliIo } from "../io.ts";
import { run } from "./recordings.ts";

describe("roomtone recordings export", () => {
  let dir: string;
  let out: string[];
  let told: string[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-"));
    out = [];
    told = [];
    const config = loadConfig(LocalConfig, { ROOMTONE_DATA_DIR: dir });
    const store = openLocalStore(config);
    await store.wantRecording({ roomId: "1", username: "host", title: "" }, 1);
    const json = JSON.stringify({ type: "chat", id: "m", at: 0, receivedAt: 0, history: false, text: "hello" });
    const facts = { count: 1, types: { chat: 1 }, diamonds: 0, firstAt: 0, lastAt: 0 };
    await store.appendEvents({ recordingId: "1", seq: 1, token: 1, ...facts, body: gzipSync(`${json}\n`) });
    store.close();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const io = (): CliIo => ({
    out: (line) => out.push(`${line}\n`),
    err: () => {},
    status: (line) => told.push(line),
    env: {},
    signal: new AbortController().signal,
    now: () => 0,
  });
  const exported = async (...args: string[]) => {
    assertEquals(await run(["export", "1", "--dir", dir, ...args], io()), 0);
    return out.splice(0).join("");
  };

  it("prints the events as JSON lines, as a table, and the chat as subtitles", async () => {
    assertStringIncludes(await exported(), '"text":"hello"}\n');
    assertEquals(
      await exported("--csv"),
      "at,type,id,user_id,username,nickname,text,gift,count,total,diamonds,history\r\n" +
        "1970-01-01T00:00:00.000Z,chat,m,,,,hello,,,,,\r\n",
    );
    assertEquals(await exported("--vtt"), "WEBVTT\n\n00:00:00.000 --> 00:00:05.000\n<v ?>hello\n\n");
  });

  it("writes them into a file", async () => {
    const file = join(dir, "chat.vtt");
    assertEquals(await exported("--vtt", "-o", file), "");
    assertStringIncludes(await readFile(file, "utf8"), "<v ?>hello\n\n");
  });

  it("tells how far it is, and says nothing to machines", async () => {
    await exported("-o", join(dir, "events.jsonl"));
    assertStringIncludes(told.splice(0).at(-1) ?? "", "export: 78 B");
    await exported("--json", "-o", join(dir, "events.jsonl"));
    assertEquals(told, []);
  });
});
