import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import type { ChangeRecord } from "../ports/change_feed.ts";
import type { EventBatch } from "../ports/event_store.ts";
import { consumeEvents } from "./consume_events.ts";
import { drainFeed } from "./feed_reader.ts";

const logger = new CaptureLogger();

function batch(recordingId: string, seq: number, types: Record<string, number>): EventBatch {
  const count = Object.values(types).reduce((sum, each) => sum + each, 0);
  return {
    recordingId,
    seq,
    token: 1,
    count,
    types,
    diamonds: count,
    firstAt: seq,
    lastAt: seq,
    body: new Uint8Array(),
  };
}
/** A store with the recordings that the batches are of. */
async function storeOf(...ids: string[]): Promise<SqliteStore> {
  const store = sqliteStore(":memory:");
  for (const roomId of ids) await store.wantRecording({ roomId, username: "some.host", title: "" }, 1);
  return store;
}
const record = (batch: EventBatch | undefined, i: number): ChangeRecord => ({ sequenceNumber: String(i + 1), batch });

describe("consumeEvents()", () => {
  it("keeps totals that equal a recount, whatever comes twice and wherever it fails", async () => {
    const sizes = fc.array(fc.tuple(fc.constantFrom("1", "2", "3"), fc.nat(5), fc.nat(5)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.infiniteStream(fc.nat(4)), async (history, luck) => {
        const store = await storeOf("1", "2", "3");
        const seqs: Record<string, number> = {};
        const records = history.map(([id, chats, gifts], i) => {
          const seq = seqs[id] = (seqs[id] ?? 0) + 1;
          return record(batch(id, seq, { chat: chats, gift: gifts }), i);
        });
        const drawn = luck[Symbol.iterator]();
        const draw = (): number => drawn.next().value ?? 0;
        const flaky = {
          async addToTotals(each: Parameters<typeof store.addToTotals>[0]) {
            if (draw() === 0) throw new Error("store away");
            const added = await store.addToTotals(each);
            if (draw() === 0) throw new Error("answer lost");
            return added;
          },
        };
        for (let done = 0; done < records.length;) {
          const { consumed } = await consumeEvents({ store: flaky, logger }, records.slice(done, done + 7));
          // The place is kept now and then only: what was consumed after it comes again.
          if (consumed === 0 || draw() > 0) done += consumed;
        }
        for (const id of ["1", "2", "3"]) {
          const mine = history.filter(([each]) => each === id);
          const totals = await store.getTotals(id);
          const chats = mine.reduce((sum, [, each]) => sum + each, 0);
          const gifts = mine.reduce((sum, [, , each]) => sum + each, 0);
          assertEquals([totals?.types["chat"] ?? 0, totals?.types["gift"] ?? 0], [chats, gifts]);
          assertEquals(totals?.count ?? 0, chats + gifts);
        }
        store.close();
      }),
      { numRuns: 100 },
    );
  });

  it("stops at a record that it cannot read, and names it", async () => {
    const store = await storeOf("1");
    const records = [batch("1", 1, { chat: 1 }), undefined, batch("1", 2, { chat: 1 })].map(record);
    assertEquals(await consumeEvents({ store, logger }, records), { consumed: 1, failed: "2" });
    assertEquals((await store.getTotals("1"))?.count, 1);
    store.close();
  });
});

describe("drainFeed()", () => {
  it("goes through the whole feed, and on from there the next time", async () => {
    const store = await storeOf("1");
    for (let seq = 1; seq <= 250; seq++) await store.appendEvents(batch("1", seq, { chat: 2 }));
    assertEquals(await drainFeed({ store, logger }), true);
    assertEquals((await store.getTotals("1"))?.types, { chat: 500 });
    await store.appendEvents(batch("1", 251, { gift: 1 }));
    assertEquals(await drainFeed({ store, logger }), true);
    assertEquals((await store.getTotals("1"))?.types, { chat: 500, gift: 1 });
    store.close();
  });
});
