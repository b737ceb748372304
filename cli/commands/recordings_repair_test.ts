import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "@roomtone/functions/client";
import { loadConfig, LocalConfig, openLocalStore } from "@roomtone/functions/local";
import { record } from "@roomtone/recorder";
import { TikTok } from "@roomtone/sdk";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { lockFolder } from "../../functions/adapters/local/folder_lock.ts";
import { type Standin, startStandin } from "../../tests/standin/mod.ts";
import type { CliIo } from "../io.ts";
import { run } from "./recordings.ts";

describe("roomtone recordings repair", { timeout: 120_000 }, () => {
  let dir: string;
  let standin: Standin;
  let id: string;
  let folder: string;
  const out: string[] = [];
  const err: string[] = [];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-repair-cli-"));
    const ffmpegPath = process.env["ROOMTONE_FFMPEG"] || undefined;
    standin = await startStandin({ seed: "repair", media: { ffmpegPath } });
    await standin.prepareMedia();
    const room = standin.room("some.host");
    room.startLive({ durationMs: 4_000, rate: 0.1 });
    id = room.roomId;
    const recording = record("some.host", {
      tiktok: new TikTok({ baseUrls: standin.baseUrls }),
      dir: join(dir, "recordings"),
      segmentMs: 1_000,
      thumbnailEveryMs: 0,
    });
    await recording.done;
    ({ folder } = recording);
    const store = openLocalStore(loadConfig(LocalConfig, { ROOMTONE_DATA_DIR: dir }));
    await store.wantRecording({ roomId: id, username: "some.host", title: "" }, 1);
    await store.claimRecordings({ owner: "a", now: 1, leaseMs: 60_000, limit: 1 });
    const lease = { recordingId: id, token: 1 };
    await store.addPart(lease, { folder: relative(join(dir, "recordings"), folder), startedAt: 1 });
    store.close();
  });
  after(async () => {
    await standin.stop();
    await rm(dir, { recursive: true });
  });

  const io = (env: Record<string, string> = {}): CliIo => ({
    ...{ out: (line) => out.push(line), err: (line) => err.push(line), status: () => {}, env },
    ...{ signal: new AbortController().signal, now: () => 0 },
  });
  const repaired = async (...args: string[]) => {
    assertEquals(await run(["repair", id, "--dir", dir, ...args], io()), 0);
    return out.splice(0).join("\n");
  };

  it("closes what a crash left open, and lists its segments; what is closed stays as it is", async () => {
    const manifest = join(folder, "manifest.json");
    // What a recorder leaves that was killed.
    await rm(manifest);
    assertStringIncludes(await repaired(), `${folder}: repaired, `);
    const { segments, recovered } = JSON.parse(await readFile(manifest, "utf8"));
    assert(segments.length > 0 && recovered);
    const store = openLocalStore(loadConfig(LocalConfig, { ROOMTONE_DATA_DIR: dir }));
    assertEquals((await store.getRecording(id))?.segments, segments.length);
    store.close();
    const { mtimeMs } = await stat(manifest);
    const told = JSON.parse(await repaired("--json"));
    assertEquals([told.id, told.parts[0].folder], [id, folder]);
    assertEquals((await stat(manifest)).mtimeMs, mtimeMs);
  });

  it("leaves a recording that a running system has, and those of an API", async () => {
    const unlock = lockFolder(dir);
    try {
      const error = await assertRejects(() => run(["repair", id, "--dir", dir], io()));
      assert(error instanceof AppError && error.code === "conflict", String(error));
    } finally {
      unlock();
    }
    const far = await assertRejects(() => run(["repair", id], io({ ROOMTONE_REMOTE: "https://api.example" })));
    assert(far instanceof AppError && far.code === "invalid_input", String(far));
  });

  it("goes on behind one that is not there", async () => {
    assertEquals(await run(["repair", "1", id, "--dir", dir], io()), 1);
    assertStringIncludes(out.splice(0).join(), folder);
    assertStringIncludes(err.splice(0).join(), "not_found");
  });
});
