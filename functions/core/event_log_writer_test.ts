import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { sqliteStore } from "../adapters/local/sqlite_store.ts";
import type { EventBatch } from "../ports/event_store.ts";
import { unpackEvents } from "./event_batches.ts";
import { EventLogWriter } from "./event_log_writer.ts";
import { SerialWriter } from "./serial_writer.ts";

const DAY_MS = 86_400_000;
const MIDNIGHT = Math.floor(1_760_000_000_000 / DAY_MS) * DAY_MS;

describe("EventLogWriter", () => {
  it("batches of a day may go at the same time, and each day tells about people anew", async () => {
    const store = sqliteStore(":memory:");
    const clock = new ManualClock(MIDNIGHT + 3_600_000);
    const logger = new CaptureLogger();
    await store.wantRecording({ roomId: "1", username: "host", title: "" }, clock.now());
    const [recording] = await store.claimRecordings({ owner: "a", now: clock.now(), leaseMs: 30_000, limit: 1 });
    if (recording === undefined) throw new Error("it was not claimed");
    const appended: EventBatch[] = [];
    const watched = {
      openEvents: store.openEvents,
      listEvents: store.listEvents,
      appendEvents(batch: EventBatch) {
        appended.push(batch);
        return store.appendEvents(batch);
      },
    };
    const queue = new SerialWriter({ clock, logger, recordingId: "1", onLeaseLost: () => {} });
    const writer = new EventLogWriter(
      { store: watched, clock, logger },
      { flushEvents: 200, eventTtlDays: 7 },
      recording,
      queue,
    );
    const user = { id: "5", username: "somebody", nickname: "S" };
    const say = async () => {
      const json = JSON.stringify({ type: "join", user });
      writer.take({ type: "join", id: "", at: clock.now(), diamonds: 0, json });
      writer.flush();
      await queue.drained();
    };
    await say();
    await say();
    await clock.advance(DAY_MS);
    await say();
    await say();
    const [first, second] = [MIDNIGHT + 8 * DAY_MS, MIDNIGHT + 9 * DAY_MS];
    assertEquals(appended.map(({ expiresAt }) => expiresAt), [first, first, second, second]);
    const lines = (await Promise.all(appended.map(unpackEvents))).flat().map((line) => JSON.parse(line).user);
    assertEquals(lines, [user, { id: "5", facts: "2-0" }, user, { id: "5", facts: "4-0" }]);
    assertEquals(appended.map(({ upTo }) => upTo), ["1-1", "1-2", "1-3", "1-4"]);
    store.close();
  });
});
