import { assertEquals, assertStringIncludes } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeRecorder } from "../../tests/fakes/fake_recorder.ts";
import { ManualClock, until } from "../../tests/fakes/manual_clock.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { type AlertRules, alertsOfBatch, type FoundAlert, raiseAlerts } from "./alerts.ts";
import { runRecordings } from "./run_recordings.ts";
import { wantLive } from "./want_recording.ts";
import { ALERT_KINDS } from "../contract/alerts.ts";

const ALL: AlertRules = { giftDiamonds: 100, targets: [{ kinds: ALERT_KINDS }] };
const BATCH = { recordingId: "7", seq: 3 };
const USER = { id: "9", username: "giver", nickname: "Giver" };

const gift = (more: Record<string, unknown>) => ({
  ...{ type: "gift", id: "m1", at: 5, user: USER, giftId: "5655", name: "Rose", diamonds: 1, count: 1, total: 1 },
  ...{ value: 1, streak: { id: "", ended: true, closedBy: "single" } },
  ...more,
});
const streak = (total: number, more: Record<string, unknown> = {}) =>
  gift({ id: `s${total}`, total, streak: { id: "4", ended: false }, ...more });

describe("alertsOfBatch()", () => {
  const idsOf = (...events: unknown[]) => alertsOfBatch(BATCH, events, ALL).map(({ id }) => id);

  it("tells a gift of so many diamonds or more, with who gave what", () => {
    assertEquals(idsOf(gift({ diamonds: 99, value: 99 }), { type: "chat", id: "m1" }), []);
    assertEquals(alertsOfBatch(BATCH, [gift({ diamonds: 50, count: 2, value: 100 })], ALL), [{
      id: "gift_over:7:m1",
      kind: "gift_over",
      recordingId: "7",
      at: 5,
      data: { diamonds: 100, count: 2, gift: { id: "5655", name: "Rose", diamonds: 50 }, user: USER },
    }]);
  });

  it("tells a streak once, as soon as all of it is worth so much, in whatever batch", () => {
    assertEquals(idsOf(streak(50), streak(99)), []);
    const [alert] = alertsOfBatch(BATCH, [streak(99), streak(101), streak(500)], ALL);
    assertEquals([alert?.id, alert?.data["diamonds"], alert?.data["count"]], ["gift_over:7:9-4", 101, 101]);
    assertEquals(idsOf(streak(800)), ["gift_over:7:9-4"]);
    assertEquals(idsOf(streak(200), streak(200, { user: { ...USER, id: "10" } })), [
      "gift_over:7:9-4",
      "gift_over:7:10-4",
    ]);
  });

  it("takes gifts that cannot be repeated for one each, whatever group TikTok puts them in", () => {
    const single = { value: 100, streak: { id: "0", ended: true, closedBy: "single" } };
    assertEquals(idsOf(gift(single), gift({ ...single, id: "m2" })), ["gift_over:7:m1", "gift_over:7:m2"]);
  });

  it("counts what an event adds where TikTok names no streak, whose totals could be another's", () => {
    const nameless = { streak: { id: "", ended: false }, total: 1_000 };
    assertEquals(idsOf(gift({ ...nameless, value: 99 }), gift({ ...nameless, id: "m2", value: 100 })), [
      "gift_over:7:m2",
    ]);
    assertEquals(idsOf(gift({ id: "", value: 100 }), gift({ id: "", value: 100 })), [
      "gift_over:7:3-0",
      "gift_over:7:3-1",
    ]);
  });

  it("passes over what is no gift in a known shape, and lets no odd id into the key", () => {
    assertEquals(idsOf(null, 5, "gift", {}, { type: "gift" }, gift({ value: "1000" }), gift({ value: NaN })), []);
    assertEquals(idsOf(gift({ id: "../a:b#c", value: 100 })), ["gift_over:7:___a_b_c"]);
  });
});

describe("alerts", () => {
  let store: SqliteStore;
  let clock: ManualClock;
  let logger: CaptureLogger;
  beforeEach(() => {
    store = sqliteStore(":memory:");
    clock = new ManualClock();
    logger = new CaptureLogger();
  });
  afterEach(() => store.close());

  const raiser = (rules: AlertRules = ALL) => (alerts: readonly FoundAlert[]) =>
    raiseAlerts({ store, clock, logger, rules }, alerts);
  const raised = async () =>
    (await store.listAlerts("pending", { limit: 100 })).items.map(({ id, username }) => `${id} ${username}`).sort();
  const live = { username: "some.host", roomId: "7", title: "Tea" };
  const over: FoundAlert = { id: "gift_over:7:m1", kind: "gift_over", recordingId: "7", at: 5, data: {} };

  it("are raised for the hosts and kinds that somebody wants", async () => {
    await store.wantRecording(live, clock.now());
    const target = (kinds: AlertRules["targets"][number]["kinds"], ...hosts: string[]) => ({ kinds, hosts });
    await raiser({ ...ALL, targets: [] })([over]);
    await raiser({ ...ALL, targets: [target(["live_ended"], "some.host"), target(["gift_over"], "other")] })([over]);
    assertEquals(await raised(), []);
    await raiser({ ...ALL, targets: [target(["gift_over"], "other", "some.host")] })([over]);
    assertEquals(await raised(), ["gift_over:7:m1 some.host"]);
    await raiser()([over, { ...over, id: "gift_over:8:m1", recordingId: "8" }]);
    assertEquals(await raised(), ["gift_over:7:m1 some.host"]);
    assertEquals(logger.events(), ["alert_raised"]);
  });

  it("tell a live when its recording is made, also when the maker died before it could", async () => {
    const deps = { store, clock, logger };
    const dying = { ...deps, raise: () => Promise.reject(new Error("gone")) };
    await wantLive(dying, live, () => true).catch(() => {});
    assertEquals(await raised(), []);
    await wantLive({ ...deps, raise: raiser() }, live, () => true);
    assertEquals(await raised(), ["live_started:7 some.host"]);
    await wantLive({ ...deps, raise: raiser() }, live, () => true);
    assertEquals(logger.events().filter((event) => event === "alert_raised").length, 1);
  });

  describe("of a recording", () => {
    let recorder: FakeRecorder;
    beforeEach(async () => {
      recorder = new FakeRecorder();
      await store.wantRecording(live, clock.now());
    });
    const pool = (raise = raiser()) =>
      runRecordings({ store, recorder, clock, logger, raise }, {
        ...{ owner: "a", slots: 1, leaseMs: 30_000, claimIntervalMs: 1_000, flushMs: 2_000, flushEvents: 200 },
      });
    const finished = () => until(async () => (await store.getRecording("7"))?.state === "finished");

    it("tell its start and the end of the live", async () => {
      const recorders = pool();
      await until(() => recorder.runs.length === 1);
      const startedAt = clock.now();
      recorder.last().started(startedAt);
      recorder.last().end({ kind: "ended", endedAt: startedAt + 9 });
      await finished();
      assertEquals(await raised(), ["live_ended:7 some.host", "live_started:7 some.host"]);
      const ended = await store.getAlert("live_ended:7");
      assertEquals([ended?.at, ended?.data], [startedAt + 9, { title: "Tea", started_at: startedAt }]);
      await recorders.stop();
    });

    it("tell that it was given up, and why, without secrets", async () => {
      const recorders = pool();
      await until(() => recorder.runs.length === 1);
      const detail = "Read https://pull.example/a.flv?sign=hidden: it ended";
      recorder.last().end({ kind: "failed", code: "protocol", detail, retryable: false });
      await finished();
      assertEquals(await raised(), ["live_started:7 some.host", "recording_failed:7 some.host"]);
      const alert = await store.getAlert("recording_failed:7");
      assertEquals([alert?.data["code"], alert?.data["title"]], ["protocol", "Tea"]);
      assertStringIncludes(String(alert?.data["detail"]), "[redacted]");
      await recorders.stop();
    });

    it("tell nothing of a recording that somebody stopped, or that is tried again or handed over", async () => {
      const recorders = pool();
      await until(() => recorder.runs.length === 1);
      recorder.last().end({ kind: "failed", code: "network", detail: "", retryable: true });
      await clock.advance(3_000);
      await until(() => recorder.runs.length === 2);
      recorders.finish("7");
      await finished();
      assertEquals(await raised(), []);
      await recorders.stop();
    });

    it("are there before the recording is finished, however often the store refuses", async () => {
      let refusals = 3;
      const order: string[] = [];
      const raise = async (alerts: readonly FoundAlert[]) => {
        order.push((await store.getRecording("7"))?.state ?? "");
        if (refusals-- > 0) throw new Error("away");
        await raiser()(alerts);
      };
      const recorders = pool(raise);
      await until(() => recorder.runs.length === 1);
      recorder.last().end({ kind: "ended" });
      await until(async () => {
        await clock.advance(500);
        return (await store.getRecording("7"))?.state === "finished";
      });
      assertEquals([order, await raised()], [Array(4).fill("recording"), [
        "live_ended:7 some.host",
        "live_started:7 some.host",
      ]]);
      await recorders.stop();
    });

    it("are not told by a recorder that lost its lease", async () => {
      const recorders = pool();
      await until(() => recorder.runs.length === 1);
      // Another one has it, and this one has not seen that yet.
      await store.claimRecordings({ owner: "b", now: clock.now() + 31_000, leaseMs: 30_000, limit: 1 });
      recorder.last().end({ kind: "ended" });
      await until(() => recorders.active() === 0);
      assertEquals(await raised(), []);
      assertEquals(logger.events().includes("lease_lost"), true);
      await recorders.stop();
    });
  });
});
