import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { batchOf, counted, gift, like, line, recount, viewers } from "../../tests/fakes/made_events.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import type { ChangeRecord } from "../ports/change_feed.ts";
import type { EventBatch } from "../ports/event_store.ts";
import type { EventLine } from "../ports/recorder.ts";
import { batchAlerts } from "./alerts.ts";
import { consumeEvents } from "./consume_events.ts";

const logger = new CaptureLogger();

/** A store with recordings of one host. */
async function storeOf(...ids: string[]): Promise<SqliteStore> {
  const store = sqliteStore(":memory:");
  for (const roomId of ids) await store.wantRecording({ roomId, username: "some.host", title: "" }, 1);
  return store;
}
const record = (batch: EventBatch | undefined, i: number): ChangeRecord => ({
  ...{ sequenceNumber: String(i + 1), key: batch?.recordingId ?? "", batch },
});
const failures = (...numbers: string[]) => ({
  batchItemFailures: numbers.map((itemIdentifier) => ({ itemIdentifier })),
});

const RULES = { giftDiamonds: 20, targets: [{ kinds: ["gift_over"] as const }] };
const at = fc.integer({ min: 0, max: 5 * 60_000 });
const events = fc.oneof(
  fc.tuple(fc.constantFrom("chat", "join", "follow", "share"), at).map(([type, at]) => line(type, at)),
  fc.tuple(at, fc.nat(3), fc.nat(4), fc.nat(9)).map(([at, giver, count, each]) => gift(at, giver, count, each)),
  fc.tuple(at, fc.nat(15)).map(([at, count]) => like(at, count)),
  fc.tuple(at, fc.nat(99)).map(([at, count]) => viewers(at, count)),
);
const histories = fc.array(fc.tuple(fc.constantFrom("1", "2", "3"), fc.array(events, { maxLength: 6 })), {
  maxLength: 25,
});

describe("consumeEvents()", () => {
  it("keeps totals that equal a recount and raises each alert once, whatever comes twice, fails or never comes", async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.infiniteStream(fc.nat(9)), async (history, luck) => {
        const store = await storeOf("1", "2", "3");
        const drawn = luck[Symbol.iterator]();
        const draw = (): number => drawn.next().value ?? 0;
        const seqs: Record<string, number> = {};
        const records: ChangeRecord[] = [];
        for (const [id, lines] of history) {
          const batch = await batchOf(id, seqs[id] = (seqs[id] ?? 0) + 1, lines);
          await store.appendEvents(batch);
          // Some are lost on the way. The last of a recording is not: what follows finds the hole.
          if (draw() > 0) records.push(record(batch, records.length));
        }
        for (const id of Object.keys(seqs)) {
          const end = await batchOf(id, (seqs[id] ?? 0) + 1, []);
          records.push(record(end, records.length));
        }
        const raised = new CaptureLogger();
        const alerting = { store, clock: new ManualClock(), logger: raised, rules: RULES };
        const raise = batchAlerts(alerting);
        const onBatch: typeof raise = async (each) => {
          await raise(each);
          if (draw() === 0) throw new Error("stopped behind the alert");
        };
        const flaky: typeof store = {
          ...store,
          readLedgers: (id, rows) => draw() === 0 ? Promise.reject(new Error("away")) : store.readLedgers(id, rows),
          async writeLedgers(before, after) {
            if (draw() === 0) throw new Error("store away");
            const written = await store.writeLedgers(before, after);
            if (draw() === 0) throw new Error("answer lost");
            return written;
          },
        };
        for (let done = 0; done < records.length;) {
          const batch = records.slice(done, done + 7);
          const { batchItemFailures } = await consumeEvents({ store: flaky, logger, onBatch }, batch);
          const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
          const kept = batch.findIndex(({ sequenceNumber }) => failed.has(sequenceNumber));
          // The place is kept now and then only: what was consumed after it comes again.
          if (draw() > 2) done += kept === -1 ? batch.length : kept;
        }
        const big = history.flatMap(([, lines]) => lines).filter(({ diamonds }) => diamonds >= RULES.giftDiamonds);
        const alerts = raised.lines.filter(({ event }) => event === "alert_raised").map(({ fields }) =>
          fields["alertId"]
        );
        assertEquals([new Set(alerts).size, alerts.length], [big.length, big.length]);
        const all: EventLine[] = history.flatMap(([, lines]) => lines);
        const assertCounted = async (owner: { recordingId: string } | { username: string }, lines: EventLine[]) => {
          const expected = recount(lines.map(({ json }) => json));
          const totals = "username" in owner
            ? await store.getHostTotals(owner.username)
            : await store.getTotals(owner.recordingId);
          assertEquals(counted(totals, await store.listViewers(owner, 99), expected), expected);
        };
        for (const recordingId of ["1", "2", "3"]) {
          const lines = history.filter(([id]) => id === recordingId).flatMap(([, lines]) => lines);
          await assertCounted({ recordingId }, lines);
          assertEquals((await store.getTotals(recordingId))?.missing ?? [], []);
        }
        await assertCounted({ username: "some.host" }, all);
        store.close();
      }),
      { numRuns: 60 },
    );
  });

  it("holds back what follows a record that it cannot read in its recording, and nothing of others", async () => {
    const store = await storeOf("1", "2");
    const chat = [line("chat", 5)];
    const broken = { ...await batchOf("1", 2, chat), body: new Uint8Array([1, 2, 3]) };
    const batches = [
      await batchOf("1", 1, chat),
      broken,
      await batchOf("2", 1, chat),
      await batchOf("1", 3, chat),
      undefined,
    ];
    assertEquals(await consumeEvents({ store, logger }, batches.map(record)), failures("2", "4", "5"));
    assertEquals([(await store.getTotals("1"))?.seq, (await store.getTotals("2"))?.seq], [1, 1]);
    // The feed gave the broken one up: what follows goes in, and the totals say what is missing.
    assertEquals(await consumeEvents({ store, logger }, batches.slice(3, 4).map(record)), failures());
    const { count, missing } = await store.getTotals("1") ?? {};
    assertEquals([count, missing], [2, [[2, 2]]]);
    store.close();
  });

  it("takes a batch that the feed never brought from the log", async () => {
    const store = await storeOf("1");
    const batches = await Promise.all([1, 2, 3].map((seq) => batchOf("1", seq, [like(5, seq)])));
    for (const each of batches) await store.appendEvents(each);
    assertEquals(await consumeEvents({ store, logger }, batches.slice(2).map(record)), failures());
    const { likes, missing } = await store.getTotals("1") ?? {};
    assertEquals([likes, missing], [6, []]);
    store.close();
  });

  it("tells of each batch that is in the totals, in order, and of one again whose telling failed", async () => {
    const store = await storeOf("1");
    const batches = await Promise.all([1, 2, 3].map((seq) => batchOf("1", seq, [like(5, seq)])));
    const told: number[] = [];
    let failing = true;
    const onBatch = ({ batch, events }: { batch: EventBatch; events: unknown[] }) => {
      assertEquals(events.length, 1);
      if (batch.seq === 2 && failing) return Promise.reject(new Error("receiver away"));
      return Promise.resolve(void told.push(batch.seq));
    };
    const records = batches.map(record);
    assertEquals(await consumeEvents({ store, logger, onBatch }, records), failures("2", "3"));
    failing = false;
    assertEquals(await consumeEvents({ store, logger, onBatch }, records.slice(1)), failures());
    assertEquals([told, (await store.getTotals("1"))?.likes], [[1, 2, 3], 6]);
    store.close();
  });

  it("names the record that failed in the log, with its recording", async () => {
    const store = await storeOf();
    const log = new CaptureLogger();
    const broken = { ...await batchOf("7", 4, [line("chat", 5)]), body: new Uint8Array([1]) };
    await consumeEvents({ store, logger: log }, [record(broken, 0)]);
    assertMatch(JSON.stringify(log), /change_record_failed.*"sequenceNumber":"1","recordingId":"7","seq":4/);
    store.close();
  });
});
