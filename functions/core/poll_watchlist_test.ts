import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { pollWatchlist } from "./poll_watchlist.ts";

const OPTIONS = { intervalMs: 60_000, jitter: 0.2, leaseMs: 30_000 };
const ROOM = "7300000000000000001";

describe("pollWatchlist()", () => {
  let store: SqliteStore;
  let clock: ManualClock;
  let lookup: FakeLookup;
  let logger: CaptureLogger;
  let launched: number[];
  let chance: number;

  beforeEach(() => {
    store = sqliteStore(":memory:");
    clock = new ManualClock();
    lookup = new FakeLookup();
    logger = new CaptureLogger();
    launched = [];
    chance = 0.5;
  });
  afterEach(() => store.close());

  const deps = () => ({
    store,
    lookup,
    clock,
    logger,
    random: () => chance,
    launcher: {
      ensureCapacity(waiting: number) {
        launched.push(waiting);
        return Promise.resolve();
      },
    },
  });
  const poll = () => pollWatchlist(deps(), OPTIONS);

  it("makes one recording for a live room, and asks for a recorder", async () => {
    await store.putWatch("host", clock.now());
    lookup.live("host", ROOM);
    assertEquals(await poll(), { checked: 1, live: 1, failed: 0, wanted: 1 });
    const recording = await store.getRecording(ROOM);
    assertEquals([recording?.username, recording?.title, recording?.state], ["host", "live of host", "wanted"]);
    assertEquals(launched, [1]);
    const watch = await store.getWatch("host");
    assertEquals([watch?.state, watch?.roomId, watch?.lastLiveAt], ["live", ROOM, clock.now()]);
    await clock.advance(60_000);
    assertEquals(await poll(), { checked: 1, live: 1, failed: 0, wanted: 0 });
  });

  it("asks nobody before the next check, which chance moves within its bounds", async () => {
    await store.putWatch("host", clock.now());
    lookup.offline("host");
    for (const [drawn, wait] of [[0, 48_000], [0.5, 60_000], [0.999999, 72_000]] as const) {
      chance = drawn;
      assertEquals((await poll()).checked, 1);
      const next = (await store.getWatch("host"))?.nextCheckAt ?? 0;
      assertEquals(next - clock.now(), wait);
      await clock.advance(wait - 1);
      assertEquals((await poll()).checked, 0);
      await clock.advance(1);
    }
    assertEquals(launched, []);
  });

  it("takes a refusal for no answer: the state stays, and the next check is put off more and more", async () => {
    await store.putWatch("host", clock.now());
    lookup.live("host", ROOM);
    await poll();
    const liveAt = clock.now();
    lookup.fails("host", "captcha");
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      const next = (await store.getWatch("host"))?.nextCheckAt ?? 0;
      waits.push(next - clock.now());
      await clock.advance(next - clock.now());
      assertEquals(await poll(), { checked: 1, live: 0, failed: 1, wanted: 0 });
    }
    assertEquals(waits, [60_000, 120_000, 240_000, 480_000, 960_000, 1_800_000, 1_800_000, 1_800_000]);
    const watch = await store.getWatch("host");
    assertEquals([watch?.state, watch?.lastError, watch?.failures], ["live", "captcha", 8]);
    assertEquals([watch?.checkedAt, watch?.lastLiveAt], [liveAt, liveAt]);
    lookup.offline("host");
    await clock.advance(1_800_000);
    await poll();
    const after = await store.getWatch("host");
    assertEquals([after?.state, after?.lastError, after?.failures], ["offline", undefined, 0]);
  });

  it("waits as long as a refusal asks for", async () => {
    await store.putWatch("host", clock.now());
    lookup.fails("host", "rate_limited", 7_200_000);
    await poll();
    assertEquals((await store.getWatch("host"))?.nextCheckAt, clock.now() + 7_200_000);
  });

  it("checks every due name once, although one fails and two pollers run", async () => {
    for (let i = 0; i < 120; i++) {
      await store.putWatch(`host${i}`, clock.now());
      if (i % 3 === 0) lookup.offline(`host${i}`);
      if (i % 3 === 1) lookup.live(`host${i}`, `${7_300_000 + i}`);
      if (i % 3 === 2) lookup.fails(`host${i}`, "blocked");
    }
    const [a, b] = await Promise.all([poll(), poll()]);
    assertEquals(a.checked + b.checked, 120);
    assertEquals(a.live + b.live, 40);
    assertEquals(a.failed + b.failed, 40);
    assertEquals(lookup.asked.flat().length, 120);
    assert(lookup.asked.every((names) => names.length <= 50));
    assertEquals(await store.countDueRecordings(clock.now()), 40);
  });

  it("counts a look-up that breaks as a failure of each name, and goes on", async () => {
    await store.putWatch("host", clock.now());
    lookup.answers.set("host", () => Promise.reject(new TypeError("broken")));
    assertEquals(await poll(), { checked: 1, live: 0, failed: 1, wanted: 0 });
    assertEquals((await store.getWatch("host"))?.lastError, "internal");
    assertEquals(logger.events().includes("lookup_broke"), true);
  });

  it("drops the answer of a poller that was too slow", async () => {
    await store.putWatch("host", clock.now());
    const answer = Promise.withResolvers<void>();
    lookup.answers.set("host", async () => {
      await answer.promise;
      return { username: "host", state: "offline" };
    });
    const slow = poll();
    await clock.advance(OPTIONS.leaseMs);
    lookup.live("host", ROOM);
    await poll();
    answer.resolve();
    await slow;
    assertEquals((await store.getWatch("host"))?.state, "live");
    assertEquals(logger.events().includes("check_lost"), true);
  });

  it("opens a finished recording again when the room is live later, unless somebody stopped it", async () => {
    await store.putWatch("host", clock.now());
    lookup.live("host", ROOM);
    await poll();
    const finish = async (kind: "ended" | "stopped") => {
      const [claimed] = await store.claimRecordings({ owner: "a", now: clock.now(), leaseMs: 1_000, limit: 1 });
      const lease = { recordingId: ROOM, token: claimed?.leaseToken ?? 0 };
      await store.finishRecording(lease, { endedAt: clock.now(), outcome: { kind } });
    };
    await finish("ended");
    await store.completeCheck({ username: "host", claimToken: 1 }, {
      nextCheckAt: clock.now() + 59_999,
      state: "live",
      failures: 0,
    });
    await clock.advance(59_999);
    assertEquals((await poll()).wanted, 0);
    await clock.advance(60_000);
    assertEquals((await poll()).wanted, 1);
    assertEquals((await store.getRecording(ROOM))?.state, "wanted");
    await finish("stopped");
    await clock.advance(600_000);
    assertEquals((await poll()).wanted, 0);
  });

  it("asks for recorders for recordings whose recorder died", async () => {
    await store.wantRecording({ roomId: ROOM, username: "host", title: "" }, clock.now());
    await store.claimRecordings({ owner: "a", now: clock.now(), leaseMs: 1_000, limit: 1 });
    await poll();
    assertEquals(launched, []);
    await clock.advance(1_000);
    await poll();
    assertEquals(launched, [1]);
  });
});
