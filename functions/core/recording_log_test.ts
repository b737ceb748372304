import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { ManualClock, until } from "../../tests/fakes/manual_clock.ts";
import type { LogBatch, LogLine } from "../ports/recording_log_store.ts";
import { RecordingLog } from "./recording_log.ts";

const ID = "7300000000000000001";
const OF = { recordingId: ID, username: "some.host" };

function open() {
  const clock = new ManualClock();
  const stored = new Map<string, LogLine[]>();
  const batches: LogBatch[] = [];
  const state = { away: false };
  const store = {
    appendLog(id: string, batch: LogBatch) {
      if (state.away) return Promise.reject(new Error("the store is away"));
      batches.push(batch);
      stored.set(id, [...stored.get(id) ?? [], ...batch.lines]);
      return Promise.resolve(true);
    },
  };
  const inner = new CaptureLogger();
  const log = new RecordingLog({ store, clock, random: () => 0.5, logger: inner });
  const events = (id = ID) => stored.get(id)?.map(({ event }) => event) ?? [];
  return { clock, stored, batches, state, inner, log, logger: log.around(inner), events };
}

describe("RecordingLog", () => {
  it("keeps lines that name a recording, or the folder that it records to, and tells every line on", async () => {
    const { logger, inner, stored, clock, events } = open();
    logger.info("listening", { url: "http://127.0.0.1" });
    logger.info("recording_started", { ...OF, part: 1, folder: "some.host/1" });
    logger.warn("upload_failed", { folder: "some.host/1", name: "segment_0.m4s", failures: 1 });
    logger.warn("upload_failed", { folder: "other.host/1", name: "segment_0.m4s", failures: 1 });
    await until(() => events().length === 2);
    assertEquals(inner.events(), ["listening", "recording_started", "upload_failed", "upload_failed"]);
    assertEquals([...stored.keys()], [ID]);
    const folder = "some.host/1";
    assertEquals(stored.get(ID), [
      { at: clock.now(), level: "info", event: "recording_started", fields: { folder, part: 1 } },
      {
        at: clock.now(),
        level: "warn",
        event: "upload_failed",
        fields: { folder, name: "segment_0.m4s", failures: 1 },
      },
    ]);
  });

  it("stores no secret, and no more of a line than it may hold", async () => {
    const { logger, stored, events } = open();
    const error = new Error("Open https://cdn.example/live.flv?sign=hush: 403");
    logger.error("recording_failed", { ...OF, error, cookie: "sessionid=hush" });
    logger.error("recording_failed", { ...OF, detail: "x".repeat(1e6) });
    await until(() => events().length === 2);
    const text = JSON.stringify(stored.get(ID));
    assert(!text.includes("hush"), text.slice(0, 500));
    assert(text.includes("https://cdn.example/live.flv"), text.slice(0, 500));
    assert(text.length < 5_000, `${text.length} characters`);
  });

  it("keeps so many lines of one name in a part, and all others", async () => {
    const { logger, events } = open();
    const storm = () => {
      for (let count = 0; count < 500; count++) logger.warn("store_write_failed", OF);
    };
    storm();
    logger.info("recording_released", OF);
    storm();
    logger.info("recording_finished", OF);
    await until(() => events().at(-1) === "recording_finished");
    const count = (event: string) => events().filter((each) => each === event).length;
    assertEquals([count("store_write_failed"), count("further_lines_left_out")], [200, 2]);
    assertEquals([count("recording_released"), count("recording_finished")], [1, 1]);
  });

  it("waits while the store is away, and puts the same batch again", async () => {
    const { logger, inner, clock, state, batches, events } = open();
    state.away = true;
    logger.info("recording_started", { ...OF, folder: "a" });
    await until(() => inner.events().includes("recording_log_failed"));
    logger.warn("store_write_failed", OF);
    const away = clock.now();
    await clock.advance(60_000);
    assertEquals(events(), []);
    state.away = false;
    await clock.advance(30_000);
    await until(() => events().length === 2);
    assertEquals(events(), ["recording_started", "store_write_failed"]);
    assertEquals(batches[0]?.at, away);
    assert(new Set(batches.map(({ id }) => id)).size === batches.length);
  });

  it("close() stores what waits, and gives up where the store is away", async () => {
    const here = open();
    here.logger.info("recording_finished", OF);
    await here.log.close();
    assertEquals(here.events(), ["recording_finished"]);
    const away = open();
    away.state.away = true;
    away.logger.info("recording_finished", OF);
    await until(() => away.inner.events().includes("recording_log_failed"));
    await away.log.close();
    assertEquals(away.events(), []);
  });
});
