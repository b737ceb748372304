import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, it } from "node:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { storeSuite } from "../../../tests/suites/store_suite.ts";
import type { EventBatch } from "../../ports/event_store.ts";
import { type SqliteStore, sqliteStore } from "./sqlite_store.ts";

storeSuite("sqliteStore()", async () => {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-store-"));
  const handles: SqliteStore[] = [];
  return {
    open() {
      const store = sqliteStore(join(folder, "store.db"));
      handles.push(store);
      return Promise.resolve(store);
    },
    async close() {
      for (const each of handles) each.close();
      await rm(folder, { recursive: true });
    },
  };
});

describe("sqliteStore()", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "roomtone-store-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const batch = (recordingId: string, seq: number): EventBatch => ({
    recordingId,
    seq,
    token: 1,
    count: 1,
    types: { chat: 1 },
    diamonds: 0,
    firstAt: 1,
    lastAt: 1,
    body: new Uint8Array([seq]),
  });

  it("keeps what was stored in the file, which is in WAL mode", async () => {
    const path = join(folder, "store.db");
    const first = sqliteStore(path);
    await first.putWatch("some.host", 1);
    first.close();
    const second = sqliteStore(path);
    assertEquals((await second.getWatch("some.host"))?.addedAt, 1);
    second.close();
    const raw = new DatabaseSync(path);
    assertEquals(raw.prepare("PRAGMA journal_mode").get()?.["journal_mode"], "wal");
    raw.close();
  });

  it("refuses a file that a newer version made, and leaves it alone", () => {
    const path = join(folder, "store.db");
    const raw = new DatabaseSync(path);
    raw.exec("PRAGMA user_version = 99");
    raw.close();
    assertStringIncludes(String(assertThrows(() => sqliteStore(path))), "schema version is 99");
    const again = new DatabaseSync(path);
    assertEquals(again.prepare("SELECT count(*) AS n FROM sqlite_master").get()?.["n"], 0);
    again.close();
  });

  it("readChanges() gives inserts of all recordings in order, and each reader keeps its place", async () => {
    const store = sqliteStore(join(folder, "store.db"));
    for (const each of [batch("1", 1), batch("2", 1), batch("1", 2)]) await store.appendEvents(each);
    const read = async (reader: string) => (await store.readChanges(await store.feedPlace(reader), 2, 1)).records;
    const first = await read("totals");
    assertEquals(first.map(({ key, batch }) => [key, batch?.seq]), [["1", 1], ["2", 1]]);
    assertEquals(await read("totals"), first);
    await store.commitChanges("totals", first.at(-1)?.sequenceNumber ?? "");
    assertEquals((await read("totals")).map(({ batch }) => batch?.seq), [2]);
    await store.commitChanges("totals", first[0]?.sequenceNumber ?? "");
    assertEquals((await read("totals")).length, 1);
    assertEquals((await read("another")).length, 2);
    store.close();
  });

  it("openEvents() deletes batches whose time is over, but the last of a recording", async () => {
    const store = sqliteStore(join(folder, "store.db"));
    for (const seq of [1, 2, 3]) await store.appendEvents({ ...batch("1", seq), expiresAt: 1_000 * seq });
    await store.appendEvents(batch("1", 4));
    for (const seq of [1, 2]) await store.appendEvents({ ...batch("2", seq), expiresAt: 1_000 });
    const places = async (id: string) => (await store.listEvents(id, { after: 0, limit: 10 })).map(({ seq }) => seq);
    await store.openEvents({ recordingId: "3", token: 1 }, 2_000);
    assertEquals([await places("1"), await places("2")], [[3, 4], [2]]);
    store.close();
  });

  it("takes the writes of several processes that open a new file at once", async () => {
    const path = join(folder, "store.db");
    const script = `
      import process from "node:process";
      import { sqliteStore } from ${JSON.stringify(new URL("./sqlite_store.ts", import.meta.url).href)};
      const store = sqliteStore(${JSON.stringify(path)});
      for (let i = 0; i < 50; i++) {
        await store.putWatch(process.pid + ".host" + i, i);
        await store.wantRecording({ roomId: String(i), username: "a", title: "" }, i);
      }
      store.close();
    `;
    const program = join(folder, "writer.mjs");
    await writeFile(program, script);
    const args = "Deno" in globalThis ? ["run", "-A", "--no-check", program] : [program];
    const runs = await Promise.all([1, 2, 3].map(() => promisify(execFile)(process.execPath, args)));
    for (const { stderr } of runs) assertMatch(stderr, /^(?!.*(locked|busy))/i);
    const store = sqliteStore(path);
    assertEquals((await store.listWatches({ limit: 1_000 })).items.length, 150);
    assertEquals((await store.listRecordings({ limit: 1_000 })).items.length, 50);
    store.close();
  });
});
