import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { ManualClock, turn } from "../../tests/fakes/manual_clock.ts";
import { consumerSuite } from "../../tests/suites/consumer_suite.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import type { ChangeFeed, ChangeRecord, DeadLetter, FeedRecord } from "../ports/change_feed.ts";
import { consumeEvents } from "./consume_events.ts";
import { CONSUMER_FEED, type FeedHandler, FeedReader } from "./feed_reader.ts";

consumerSuite<ChangeRecord>(
  "local feed",
  () => {
    const store = sqliteStore(":memory:");
    let broken: string | undefined;
    const flaky = new Proxy(store, {
      get(target, name: keyof SqliteStore) {
        return (...args: never[]) => {
          if (broken !== undefined) return Promise.reject(new Error(`The store is ${broken}`));
          return (target[name] as (...args: never[]) => unknown)(...args);
        };
      },
    });
    return Promise.resolve({
      ...{ store, feed: store, clock: new ManualClock() },
      handler: (records) => consumeEvents({ store: flaky, logger: new CaptureLogger() }, records),
      breakStore(fault) {
        broken = fault;
      },
      close: () => Promise.resolve(store.close()),
    });
  },
  () => new CaptureLogger(),
);

describe("FeedReader", () => {
  it("hands each record over in the order of its key until it is done, and gives up only what always fails", async () => {
    const record = fc.record({
      key: fc.constantFrom("a", "b", "c", "d"),
      failures: fc.constantFrom(0, 0, 0, 1, 3, 99),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        async (records, batchSize) => {
          const clock = new ManualClock();
          const all = records.map(({ key }, index) => ({ key, sequenceNumber: String(index + 1) }));
          let place = "";
          const feed: ChangeFeed<FeedRecord> = {
            feedPlace: () => Promise.resolve(place),
            readChanges: (after, limit) =>
              Promise.resolve({ records: all.slice(Number(after), Number(after) + limit) }),
            commitChanges: (_, number) => Promise.resolve(void (place = number)),
          };
          const left: number[] = records.map(({ failures }) => failures);
          const done: number[] = [];
          const dead: DeadLetter[] = [];
          const handler: FeedHandler<FeedRecord> = (batch) => {
            for (const { sequenceNumber } of batch) {
              const index = Number(sequenceNumber) - 1;
              if ((left[index] ?? 0) > 0) {
                left[index] = (left[index] ?? 0) - 1;
                if (index % 2 === 0) return Promise.reject(new Error("fails"));
                return Promise.resolve({ batchItemFailures: [{ itemIdentifier: sequenceNumber }] });
              }
              if (!done.includes(index)) done.push(index);
            }
            return Promise.resolve({ batchItemFailures: [] });
          };
          const deps = {
            ...{ feed, handler, clock, logger: new CaptureLogger() },
            deadLetters: { putDeadLetter: (letter: DeadLetter) => Promise.resolve(void dead.push(letter)) },
          };
          const ending = new AbortController();
          const options = { ...CONSUMER_FEED, batchSize, lanes: 2, retries: 4 };
          const run = new FeedReader(deps, options).run(ending.signal);
          for (let i = 0; place !== String(all.length) && all.length > 0; i++) {
            assert(i < 5_000, "It never came to the end");
            await clock.advance(1_000);
          }
          ending.abort();
          await run;
          const hopeless = records.flatMap(({ failures }, index) => failures === 99 ? [index] : []);
          assertEquals(dead.map(({ sequenceNumber }) => Number(sequenceNumber) - 1).sort((a, b) => a - b), hopeless);
          assertEquals(done.length + hopeless.length, records.length);
          for (const key of ["a", "b", "c", "d"]) {
            const order = done.filter((index) => records[index]?.key === key);
            assertEquals(order, order.toSorted((a, b) => a - b));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("tries a record again whose dead letter cannot be kept", async () => {
    const clock = new ManualClock();
    let place = "";
    const feed: ChangeFeed<FeedRecord> = {
      feedPlace: () => Promise.resolve(""),
      readChanges: (after) => Promise.resolve({ records: after === "" ? [{ key: "a", sequenceNumber: "1" }] : [] }),
      commitChanges: (_, number) => Promise.resolve(void (place = number)),
    };
    let letters = 0;
    const deps = {
      ...{ feed, clock, logger: new CaptureLogger(), handler: () => Promise.reject(new Error("fails")) },
      deadLetters: { putDeadLetter: () => ++letters < 3 ? Promise.reject(new Error("disk full")) : Promise.resolve() },
    };
    const ending = new AbortController();
    const run = new FeedReader(deps, { ...CONSUMER_FEED, retries: 1 }).run(ending.signal);
    while (place === "" && letters < 9) await clock.advance(1_000);
    await turn();
    ending.abort();
    await run;
    assertEquals([letters, place], [3, "1"]);
  });
});
