/**
 * What reading a change feed must do, whichever feed it is, with the consumer behind it: order per key, batches, partial
 * failures, halving, a limit of tries, dead letters and the trim.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CONSUMER_FEED, type FeedDeps, type FeedHandler, type FeedOptions } from "../../functions/core/feed_reader.ts";
import { FeedReader } from "../../functions/core/feed_reader.ts";
import { type DeadLetter, FEED_RETENTION_MS, type FeedRecord } from "../../functions/ports/change_feed.ts";
import type { EventLine } from "../../functions/ports/recorder.ts";
import type { Store } from "../../functions/ports/store.ts";
import type { CaptureLogger } from "../fakes/capture_logger.ts";
import { batchOf, counted, gift, like, line, recount, viewers } from "../fakes/made_events.ts";
import type { ManualClock } from "../fakes/manual_clock.ts";
import { turn } from "../fakes/manual_clock.ts";

/** What the consumer's store suffers from. */
export type StoreFault = "away" | "throttled";

/** A consumer on a feed, and what is around it. */
export interface ConsumerFixture<R extends FeedRecord> {
  /** Writes batches and reads totals; it has no faults. */
  store: Store;
  feed: FeedDeps<R>["feed"];
  handler: FeedHandler<R>;
  clock: ManualClock;
  /** Makes the consumer's own store fail, or work again. */
  breakStore(fault: StoreFault | undefined): void;
  close(): Promise<void>;
}

/** Real time that something may take, ms. */
const GIVE_UP_MS = 60_000;
const BATCHES = 5;

/** A host has several recordings. */
const hostOf = (recordingId: string): string => `host${Number(recordingId) % 5}`;

/** Declares the tests of a consumer on a feed. */
export function consumerSuite<R extends FeedRecord>(
  name: string,
  makeFixture: () => Promise<ConsumerFixture<R>>,
  makeLogger: () => CaptureLogger,
): void {
  describe(`${name}: consumer`, () => {
    let fixture: ConsumerFixture<R>;
    let logger: CaptureLogger;
    let dead: DeadLetter[];
    let written: Map<string, EventLine[]>;
    let ending: AbortController;
    let running: Promise<void>[];

    beforeEach(async () => {
      fixture = await makeFixture();
      logger = makeLogger();
      dead = [];
      written = new Map();
      ending = new AbortController();
      running = [];
    });
    afterEach(async () => {
      ending.abort();
      await Promise.all(running);
      await fixture.close();
    });

    const deps = (handler = fixture.handler): FeedDeps<R> => ({
      ...{ feed: fixture.feed, handler, clock: fixture.clock, logger },
      deadLetters: { putDeadLetter: (letter) => Promise.resolve(void dead.push(letter)) },
    });
    const reader = (with_ = deps(), options: Partial<FeedOptions> = {}) =>
      // Time goes on faster than a store on the network answers.
      new FeedReader(with_, { ...CONSUMER_FEED, timeoutMs: 1e12, ...options });
    const start = (...from: Parameters<typeof reader>) => {
      running.push(reader(...from).run(ending.signal));
    };
    /** Lets time go on until something is so. */
    const until = async (condition: () => boolean | Promise<boolean>) => {
      const giveUpAt = performance.now() + GIVE_UP_MS;
      while (!await condition()) {
        assert(performance.now() < giveUpAt, `It never came true: ${condition}`);
        await fixture.clock.advance(250);
        await turn();
      }
    };
    /** Writes the batches of some recordings in turn. */
    const write = async (ids: readonly string[], from = 1, to = BATCHES) => {
      for (const id of ids) await fixture.store.wantRecording({ roomId: id, username: hostOf(id), title: "" }, 1);
      for (let seq = from; seq <= to; seq++) {
        for (const id of ids) {
          const at = 1_760_000_000_000 + seq * 2_000;
          const lines = [line("chat", at), gift(at, seq % 3, seq, 10), like(at, seq), viewers(at, 10 + seq)];
          written.set(id, [...written.get(id) ?? [], ...lines]);
          await fixture.store.appendEvents(await batchOf(id, seq, lines));
        }
      }
    };
    const isDone = async (id: string, seq = BATCHES) => ((await fixture.store.getTotals(id))?.seq ?? 0) >= seq;
    const allDone = async () => {
      for (const id of written.keys()) if (!await isDone(id)) return false;
      return true;
    };
    /** Compares all totals with a recount. */
    const assertCounted = async (lost: readonly EventLine[] = []) => {
      const { store } = fixture;
      const recounted = (lines: readonly EventLine[]) =>
        recount(lines.filter((each) => !lost.includes(each)).map(({ json }) => json));
      for (const [recordingId, lines] of written) {
        const expected = recounted(lines);
        const hours = await store.listViewers({ recordingId }, 99);
        assertEquals(counted(await store.getTotals(recordingId), hours, expected), expected);
      }
      for (const username of new Set([...written.keys()].map(hostOf))) {
        const lines = [...written].filter(([id]) => hostOf(id) === username).flatMap(([, lines]) => lines);
        const expected = recounted(lines);
        const hours = await store.listViewers({ username }, 99);
        assertEquals(counted(await store.getHostTotals(username), hours, expected), expected);
      }
    };
    /** A handler that notes what it is handed. */
    const noting = (calls: R[][]): FeedHandler<R> => (records) => {
      calls.push([...records]);
      return fixture.handler(records);
    };
    const failed = (...records: (R | undefined)[]) => ({
      batchItemFailures: records.map((record) => ({ itemIdentifier: record?.sequenceNumber ?? "" })),
    });

    it("deals with everything once, in batches, and goes on behind it the next time", async () => {
      const calls: R[][] = [];
      await write(["1", "2", "3"]);
      assertEquals(await reader(deps(noting(calls)), { batchSize: 2 }).drain(), true);
      assert(calls.every(({ length }) => length <= 2));
      assertEquals(calls.flat().length, 3 * BATCHES);
      await assertCounted();
      await write(["4"]);
      calls.length = 0;
      assertEquals(await reader(deps(noting(calls))).drain(), true);
      assertEquals(new Set(calls.flat().map(({ key }) => key)).size, 1);
      await assertCounted();
    });

    it("fails on each record in turn, by an error or by its number, and loses and doubles nothing", async () => {
      const kinds = ["throws", "names"] as const;
      const ids = kinds.flatMap((kind) =>
        Array.from({ length: BATCHES }, (_, k) => `${kind === "names" ? 2 : 1}0${k}`)
      );
      await write(ids);
      const seen = new Map<string, number>();
      const broken = new Set<string>();
      const done = new Map<string, string[]>();
      const handler: FeedHandler<R> = async (records) => {
        for (const [index, { key, sequenceNumber }] of records.entries()) {
          const place = [...new Set([...done.get(key) ?? [], sequenceNumber])].length - 1;
          seen.set(key, (seen.get(key) ?? 0) + 1);
          if (key.endsWith(String(place)) && !broken.has(key)) {
            broken.add(key);
            // What is before it is in; whether anybody is told depends on the kind.
            await fixture.handler(records.slice(0, index));
            if (key.includes("10")) throw new Error("the consumer fails");
            return failed(records[index]);
          }
          done.set(key, [...new Set([...done.get(key) ?? [], sequenceNumber])]);
        }
        return await fixture.handler(records);
      };
      start(deps(handler));
      await until(allDone);
      assertEquals([broken.size, dead], [ids.length, []]);
      for (const numbers of done.values()) {
        assertEquals([numbers.length, [...numbers].sort((a, b) => Number(a) - Number(b))], [BATCHES, numbers]);
      }
      await assertCounted();
    });

    it("takes an answer that names nothing it knows for a failure of the whole batch", async () => {
      await write(["1"]);
      const answers: unknown[] = [
        { batchItemFailures: [{ itemIdentifier: "no such number" }] },
        { batchItemFailures: [{ itemIdentifier: "" }] },
        { batchItemFailures: [{ itemIdentifier: null }] },
        { batchItemFailures: [{ id: "1" }] },
        { batchItemFailures: "all" },
      ];
      const calls: R[][] = [];
      const handler: FeedHandler<R> = async (records) => {
        calls.push([...records]);
        if (answers.length > 0) return answers.shift() as Awaited<ReturnType<FeedHandler<R>>>;
        return await fixture.handler(records);
      };
      start(deps(handler));
      await until(allDone);
      const firsts = calls.slice(0, 6).map(([first]) => first?.sequenceNumber);
      assertEquals(new Set(firsts).size, 1);
      assertEquals(calls.slice(0, 4).map(({ length }) => length), [5, 3, 2, 1]);
      await assertCounted();
    });

    it("halves what fails down to the poison, tries that one so often, keeps it as a dead letter and goes on", async () => {
      await write(["1"], 1, 2);
      const lines = [line("chat", 5), like(5, 1)];
      await fixture.store.appendEvents({ ...await batchOf("1", 3, lines), body: new Uint8Array([1, 2, 3]) });
      await write(["1"], 4, BATCHES);
      const others = ["2", "3", "4", "5", "6", "7", "8", "9"];
      await write(others);
      const calls: R[][] = [];
      start(deps(noting(calls)), { retries: 3 });
      const early = async () => {
        for (const id of others) if (await isDone(id)) return true;
        return false;
      };
      await until(early);
      // Keys in other lanes do not wait for the poison.
      assertEquals(dead, []);
      await until(async () => dead.length > 0 && await allDone());
      const [letter] = dead;
      const alone = calls.filter((records) =>
        records.length === 1 && records[0]?.sequenceNumber === letter?.sequenceNumber
      );
      assertEquals([dead.length, letter?.key.split("#").at(-1), alone.length], [1, "1", 4]);
      assert(logger.events().includes("change_record_given_up"));
      const { seq, missing } = await fixture.store.getTotals("1") ?? {};
      assertEquals([seq, missing], [BATCHES, [[3, 3]]]);
      await assertCounted(lines);
    });

    it("tries a batch again whose handler gives no answer in time", async () => {
      await write(["1", "2"]);
      let hanging = true;
      const handler: FeedHandler<R> = async (records) => {
        // Its work is done and goes on to be done: the answer is what does not come.
        const answer = await fixture.handler(records);
        return hanging ? await new Promise(() => {}) : answer;
      };
      start(deps(handler), { timeoutMs: 60_000 });
      await until(() => logger.events().includes("change_batch_failed"));
      hanging = false;
      const places = () => fixture.feed.feedPlace(CONSUMER_FEED.reader);
      await until(async () => await allDone() && (await places()) !== "");
      assertEquals(dead, []);
      await assertCounted();
    });

    it("counts nothing twice when it stops between write and checkpoint, or two readers read", async () => {
      await write(["1", "2"]);
      const forgetful = { ...fixture.feed, commitChanges: () => Promise.reject(new Error("stopped")) };
      assertEquals(await reader({ ...deps(), feed: forgetful }).drain(), true);
      await assertCounted();
      await write(["3"]);
      const calls: R[][] = [];
      const both = [CONSUMER_FEED.reader, "another"].map((name) =>
        reader(deps(noting(calls)), { reader: name }).drain()
      );
      assertEquals(await Promise.all(both), [true, true]);
      assertEquals(calls.flat().length, 2 * 3 * BATCHES);
      await assertCounted();
    });

    for (const fault of ["away", "throttled"] as const) {
      it(`loses nothing while the store is ${fault} for five minutes`, async () => {
        await write(["1", "2"], 1, 2);
        start();
        await until(async () => await isDone("1", 2) && await isDone("2", 2));
        fixture.breakStore(fault);
        await write(["1", "2"], 3, BATCHES);
        const backAt = fixture.clock.now() + 5 * 60_000;
        await until(() => fixture.clock.now() >= backAt);
        assertEquals([await isDone("1", 3), dead], [false, []]);
        fixture.breakStore(undefined);
        await until(allDone);
        assertEquals(dead, []);
        await assertCounted();
      });
    }

    it("is not handed what is older than 24 hours, and says so", async () => {
      await write(["1"]);
      await fixture.feed.readChanges("", 1, fixture.clock.now());
      await fixture.clock.advance(FEED_RETENTION_MS + 60_000);
      const calls: R[][] = [];
      assertEquals(await reader(deps(noting(calls))).drain(), true);
      assertEquals(calls, []);
      assert(logger.events().includes("change_feed_trimmed"));
    });
  });
}
