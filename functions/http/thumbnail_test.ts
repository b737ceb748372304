import { assertEquals } from "@std/assert";
import type { Hono } from "hono";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { folderFiles } from "../adapters/local/folder_files.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { createApp } from "./app.ts";

const ID = "7300000000000000001";

describe("GET /recordings/{id}/thumbnail.jpg", () => {
  let root: string;
  let store: SqliteStore;
  let clock: ManualClock;
  let app: Hono;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "roomtone-thumbnail-"));
    store = sqliteStore(":memory:");
    clock = new ManualClock();
    app = createApp({
      system: { store, clock, files: folderFiles(root) },
      logger: new CaptureLogger(),
      loopbackOnly: true,
    });
    await store.wantRecording({ roomId: ID, username: "host", title: "hello" }, clock.now());
  });
  afterEach(async () => {
    store.close();
    await rm(root, { recursive: true });
  });

  const get = async (headers: Record<string, string> = {}) =>
    await app.request(`/recordings/${ID}/thumbnail.jpg`, { headers });

  /** A part that another recorder makes, with pictures. */
  async function addPart(folder: string, ...pictures: string[]): Promise<void> {
    await clock.advance(1_000);
    const [claimed] = await store.claimRecordings({ owner: "a", now: clock.now(), leaseMs: 1_000, limit: 1 });
    await store.addPart({ recordingId: ID, token: claimed?.leaseToken ?? 0 }, { folder, startedAt: clock.now() });
    await mkdir(join(root, folder), { recursive: true });
    for (const name of pictures) await writeFile(join(root, folder, name), `${folder} ${name}`);
  }

  it("is the newest picture of the newest part that has one", async () => {
    assertEquals((await get()).status, 404);
    await addPart("host/1", "thumbnail_000000.jpg", "thumbnail_000010.jpg", "segment_000099.m4s");
    await addPart("host/2");
    const first = await get();
    assertEquals([first.status, first.headers.get("content-type")], [200, "image/jpeg"]);
    assertEquals(await first.text(), "host/1 thumbnail_000010.jpg");
    await writeFile(join(root, "host/2/thumbnail_000003.jpg"), "newer");
    assertEquals(await (await get()).text(), "newer");
  });

  it("may be kept for some seconds, and is not sent twice", async () => {
    await addPart("host/1", "thumbnail_000000.jpg");
    const { headers } = await get();
    assertEquals(headers.get("cache-control"), "private, max-age=10");
    const known = { "if-none-match": headers.get("etag") ?? "" };
    assertEquals((await get(known)).status, 304);
    await writeFile(join(root, "host/1/thumbnail_000010.jpg"), "newer");
    assertEquals((await get(known)).status, 200);
  });

  it("says in plain words when there is none", async () => {
    await addPart("host/1");
    const answer = await get();
    assertEquals([answer.status, answer.headers.get("content-type")], [404, "application/problem+json"]);
    assertEquals((await answer.json()).code, "not_found");
  });
});
