/**
 * Whole recordings from the socket to the totals: what the recorder told, counted again, is what the totals say.
 */
import { assert, assertEquals } from "@std/assert";
import { TikTok } from "@roomtone/sdk";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { toChangeRecord } from "../../functions/adapters/aws/stream_records.ts";
import { dynamoStore } from "../../functions/adapters/aws/dynamo_store.ts";
import { eventsTableName } from "../../functions/adapters/aws/table.ts";
import { sqliteStore } from "../../functions/adapters/local/sqlite_store.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { loadConfig, LocalConfig } from "../../functions/contract/config.ts";
import { consumeEvents } from "../../functions/core/consume_events.ts";
import { CONSUMER_FEED, type FeedDeps, FeedReader } from "../../functions/core/feed_reader.ts";
import { runRecordings } from "../../functions/core/run_recordings.ts";
import type { FeedRecord } from "../../functions/ports/change_feed.ts";
import type { EventLine } from "../../functions/ports/recorder.ts";
import type { Store } from "../../functions/ports/store.ts";
import { ROOT } from "../../scripts/tools.mjs";
import { generatedRoom } from "../bench/events_rooms.ts";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { dynamoDbStream } from "../engines/dynamodb_stream.ts";
import { freshTable } from "../engines/dynamodb_table.ts";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { FakeRecorder } from "../fakes/fake_recorder.ts";
import { counted, recount } from "../fakes/made_events.ts";
import { ManualClock, turn, until } from "../fakes/manual_clock.ts";
import { readCaptures } from "../standin/captures.ts";
import { startStandin } from "../standin/mod.ts";

const CAPTURES = join(ROOT, "..", "shared", "captures", "messages.ndjson");
const ROOM = "7300000000000000001";
const HOST = "some.host";
const HOUR_MS = 3_600_000;
/** A step, and a flush: longer than by default, so that the hour is a few hundred writes. */
const STEP_MS = 5_000;

/** An event that a recorder tells, and when, ms since it began. */
interface Told {
  atMs: number;
  line: EventLine;
}

const { engine, skipped } = await startDynamoDbLocal();
after(() => engine?.stop());

describe("totals equal a recount", () => {
  let hour: Told[] = [];
  before(() => {
    hour = generatedRoom({ perSecond: 17, durationMs: HOUR_MS });
    assert(hour.length > 60_000);
  });
  const stores = {
    async SQLite(run: (store: Store, drain: () => Promise<boolean>) => Promise<void>) {
      const store = sqliteStore(":memory:");
      await run(store, drainOf({ feed: store, handler: (records) => consumeEvents(depsOf(store), records) }));
      store.close();
    },
    async "DynamoDB Local"(run: (store: Store, drain: () => Promise<boolean>) => Promise<void>) {
      assert(engine !== undefined);
      const table = await freshTable(engine.endpoint);
      const store = dynamoStore({ client: table.connect(), name: table.name, clock: systemClock, random: Math.random });
      const feed = dynamoDbStream(engine.endpoint, eventsTableName(table.name));
      const drain = drainOf({
        feed,
        handler: (records) => consumeEvents(depsOf(store), records.map(({ record }) => toChangeRecord(record))),
      });
      await run(store, drain);
      await table.close();
    },
  };
  const depsOf = (store: Store) => ({ store, logger: new CaptureLogger() });
  const drainOf = <R extends FeedRecord>(with_: Pick<FeedDeps<R>, "feed" | "handler">) => () => {
    const deadLetters = { putDeadLetter: () => Promise.reject(new Error("nothing is given up here")) };
    const deps = { ...with_, deadLetters, clock: systemClock, logger: new CaptureLogger() };
    return new FeedReader<R>(deps, CONSUMER_FEED).drain();
  };

  for (const [name, withStore] of Object.entries(stores)) {
    const skip = name !== "SQLite" && skipped !== undefined && `SKIPPED: ${skipped}`;

    it(`of a generated busy hour, on ${name}`, { skip }, async () => {
      await withStore((store, drain) => recordAndCompare(store, drain, hour));
    });

    const absent = !existsSync(CAPTURES) && process.env["CI"] !== "true";
    it(`of the captures, on ${name}`, { skip: skip || absent && "SKIPPED: no captures" }, async () => {
      const lines = await linesOfCaptures();
      const told = lines.map((line, index) => ({ line, atMs: index * 50 }));
      await withStore((store, drain) => recordAndCompare(store, drain, told));
    });
  }
});

/** Plays events through a recording, with the consumer behind it now and then, and compares. */
async function recordAndCompare(store: Store, drain: () => Promise<boolean>, told: readonly Told[]): Promise<void> {
  const clock = new ManualClock();
  const recorder = new FakeRecorder();
  const log = { events: 0 };
  const options = { ...loadConfig(LocalConfig, {}), owner: "test", slots: 1, flushMs: STEP_MS };
  const pool = runRecordings({ store: counting(store, log), recorder, clock, logger: new CaptureLogger() }, options);
  await store.wantRecording({ roomId: ROOM, username: HOST, title: "" }, clock.now());
  pool.wake();
  await until(() => recorder.runs.length === 1);
  let next = 0;
  let toldBefore = 0;
  for (let elapsedMs = 0; next < told.length; elapsedMs += STEP_MS) {
    for (; (told[next]?.atMs ?? Infinity) <= elapsedMs; next++) {
      const event = told[next]?.line;
      if (event !== undefined) recorder.last().tell({ type: "event", event });
    }
    await clock.advance(STEP_MS);
    // The store is as fast as the hour is short: what was told a flush ago is in the log before time goes on.
    const giveUpAt = performance.now() + 60_000;
    for (; log.events < toldBefore; await turn()) assert(performance.now() < giveUpAt, "Events were not stored");
    toldBefore = next;
    if (elapsedMs % (10 * 60_000) === 0) assert(await drain());
  }
  recorder.last().end({ kind: "ended" });
  await until(async () => (await store.getRecording(ROOM))?.state === "finished");
  await pool.stop();
  assert(await drain());

  const expected = recount(told.map(({ line }) => line.json));
  assert(expected.gifts > 0 && expected.likes > 0 && expected.peakViewers > 0 && expected.gifters > 1);
  const recording = await store.listViewers({ recordingId: ROOM }, 99);
  assertEquals(counted(await store.getTotals(ROOM), recording, expected), expected);
  const host = await store.listViewers({ username: HOST }, 99);
  assertEquals(counted(await store.getHostTotals(HOST), host, expected), expected);
}

/** A store that counts the events in its log. */
function counting(store: Store, log: { events: number }): Store {
  return {
    ...store,
    async appendEvents(batch) {
      await store.appendEvents(batch);
      log.events += batch.count;
    },
  };
}

/** The captured messages as the SDK's events: sent by the stand-in, and read from its socket. */
async function linesOfCaptures(): Promise<EventLine[]> {
  const standin = await startStandin({ media: false });
  try {
    const room = standin.room(HOST);
    const captures = await readCaptures(CAPTURES);
    room.startLive({ captures, capturesPerSecond: 2_000 });
    const lines: EventLine[] = [];
    for await (const event of new TikTok({ baseUrls: standin.baseUrls }).live(HOST)) {
      const { type, id, at } = event;
      const diamonds = type === "gift" ? event.value : 0;
      lines.push({ type, id, at, diamonds, json: JSON.stringify(event) });
    }
    assert(lines.length >= captures.length, "Not all captured messages came");
    return lines;
  } finally {
    await standin.stop();
  }
}
