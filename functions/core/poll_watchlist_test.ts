import { assert, assertEquals, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { wayTo } from "../../tests/fakes/fake_tiktok.ts";
import { ManualClock, until } from "../../tests/fakes/manual_clock.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { AppError } from "../contract/errors.ts";
import { ON_AIR_SHARD } from "../contract/keys.ts";
import { pollWatchlist } from "./poll_watchlist.ts";

const OPTIONS = {
  ...{ intervalMs: 60_000, minIntervalMs: 5_000, maxIntervalMs: 1_800_000 },
  ...{ jitter: 0.2, leaseMs: 30_000, tickMs: 1_000 },
};
const ROOM = "7300000000000000001";

describe("pollWatchlist()", () => {
  let store: SqliteStore;
  let clock: ManualClock;
  let lookup: FakeLookup;
  let logger: CaptureLogger;
  let launched: number[];
  let chance: number;
  let way: ReturnType<typeof wayTo>;

  beforeEach(() => {
    store = sqliteStore(":memory:");
    clock = new ManualClock();
    lookup = new FakeLookup();
    logger = new CaptureLogger();
    launched = [];
    chance = 0.5;
    way = wayTo(lookup, { clock });
  });
  afterEach(() => store.close());

  const slow = (requestsPerMinute: number, burst: number) => way = wayTo(lookup, { clock, requestsPerMinute, burst });
  const deps = () => ({
    store,
    ...way,
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
  const poll = (more = {}) => pollWatchlist(deps(), { ...OPTIONS, ...more });
  const summary = (checked: number, live: number, failed: number, wanted: number, lateMs = 0) => (
    { checked, live, failed, wanted, lost: 0, lateMs }
  );

  it("makes one recording for a live room, and asks for a recorder", async () => {
    await store.putWatch("host", clock.now());
    lookup.live("host", ROOM);
    assertEquals(await poll(), summary(1, 1, 0, 1));
    const recording = await store.getRecording(ROOM);
    assertEquals([recording?.username, recording?.title, recording?.state], ["host", "live of host", "wanted"]);
    assertEquals(launched, [1]);
    const watch = await store.getWatch("host");
    assertEquals([watch?.state, watch?.roomId, watch?.lastLiveAt], ["live", ROOM, clock.now()]);
    assertEquals(watch?.nextCheckAt, clock.now() + 55_000);
    await clock.advance(55_000);
    assertEquals(await poll(), summary(1, 1, 0, 0));
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
      assertEquals(await poll(), summary(1, 0, 1, 0));
    }
    assertEquals(waits, [55_000, 120_000, 240_000, 480_000, 960_000, 1_800_000, 1_800_000, 1_800_000]);
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
      if (i % 3 === 2) lookup.fails(`host${i}`, "private");
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
    assertEquals(await poll(), summary(1, 0, 1, 0));
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

  it("learns when a host goes live, once for each live, and looks sooner at that hour", async () => {
    await store.putWatch("host", clock.now());
    lookup.offline("host");
    await poll();
    const starts = async () => {
      const weights = Object.values((await store.getWatch("host"))?.hours?.weights ?? {});
      return Math.round(weights.reduce((sum, each) => sum + each, 0));
    };
    for (let live = 1; live <= 3; live++) {
      lookup.live("host", `${ROOM}${live}`);
      for (let check = 0; check < 3; check++) {
        await clock.advance(60_000);
        await poll();
      }
      assertEquals(await starts(), live);
    }
    lookup.offline("host");
    await clock.advance(60_000);
    await poll();
    const next = (await store.getWatch("host"))?.nextCheckAt ?? 0;
    assert(next < clock.now() + 25_000, `in ${next - clock.now()} ms`);
  });

  it("does not count the live that its very first check finds as a start", async () => {
    await store.putWatch("host", clock.now());
    lookup.live("host", ROOM);
    await poll();
    assertEquals((await store.getWatch("host"))?.hours, undefined);
  });

  it("checks names of a higher priority more often", async () => {
    for (const priority of [-1, 0, 2]) {
      await store.putWatch(`host${priority}`, clock.now(), { priority });
      lookup.offline(`host${priority}`);
    }
    await poll();
    const waits = await Promise.all([-1, 0, 2].map(async (priority) => {
      return ((await store.getWatch(`host${priority}`))?.nextCheckAt ?? 0) - clock.now();
    }));
    assertEquals(waits, [120_000, 60_000, 15_000]);
  });

  it("claims no more than the budget has room for, and goes on as turns come in", async () => {
    slow(60, 5);
    const names = Array.from({ length: 20 }, (_, i) => `host${i}`);
    for (const each of names) {
      await store.putWatch(each, clock.now());
      lookup.offline(each);
    }
    const begun = clock.now();
    const pass = poll();
    await clock.advance(0);
    const claimed = async () => {
      const watches = await Promise.all(names.map((each) => store.getWatch(each)));
      return watches.filter((watch) => (watch?.claimToken ?? 0) > 0).length;
    };
    assertEquals([lookup.asked.length, await claimed()], [5, 5]);
    await clock.advance(7_000);
    assertEquals([lookup.asked.length, await claimed()], [12, 12]);
    await clock.advance(8_000);
    assertEquals(await pass, summary(20, 0, 0, 0, clock.now() - begun));
  });

  it("stops asking for everybody when one name is refused, and goes on after the pause", async () => {
    slow(6_000, 1);
    for (let i = 0; i < 9; i++) {
      await store.putWatch(`host${i}`, clock.now());
      lookup.fails(`host${i}`, "captcha");
    }
    const pass = poll();
    await clock.advance(1_000);
    assertEquals(lookup.asked.length, 1);
    assertEquals(way.budget.state().refusals, 1);
    for (let i = 0; i < 9; i++) lookup.offline(`host${i}`);
    await clock.advance(10_000);
    assertEquals((({ checked, failed }) => [checked, failed])(await pass), [9, 1]);
  });

  it("gives a name back whose turn did not come, as if it had not been claimed", async () => {
    await store.putWatch("host", clock.now());
    slow(60, 1);
    lookup.offline("host");
    // Others take the turn in between, and a refusal of theirs puts the next one off.
    const other = Object.assign(Object.create(store), {
      async claimDueWatches(request: Parameters<SqliteStore["claimDueWatches"]>[0]) {
        const claimed = await store.claimDueWatches(request);
        if (lookup.asked.length === 0 && claimed.length > 0) way.budget.slowDown(60_000);
        return claimed;
      },
    });
    const pass = pollWatchlist({ ...deps(), store: other }, OPTIONS);
    await clock.advance(0);
    const { failures, lastError, state, nextCheckAt } = await store.getWatch("host") ?? {};
    assertEquals([failures, lastError, state], [0, undefined, "unknown"]);
    assertEquals(nextCheckAt, clock.now() + 62_000);
    assertEquals(await pass, summary(0, 0, 0, 0));
    await clock.advance(62_000);
    assertEquals((await poll()).checked, 1);
  });

  describe("hosts who are on air", () => {
    const HOSTS = 120;
    const names = Array.from({ length: HOSTS }, (_, i) => `host${i}`);
    beforeEach(async () => {
      for (const [i, each] of names.entries()) {
        await store.putWatch(each, clock.now());
        lookup.live(each, `${7_300 + i}`);
      }
      chance = 0.99;
      await poll();
      lookup.asked.length = 0;
    });
    const nextRound = async () => {
      await clock.advance((await store.nextCheckAt(ON_AIR_SHARD) ?? 0) - clock.now());
      return await poll();
    };

    it("are looked at together, by their rooms", async () => {
      const { checked, live, wanted } = await nextRound();
      assertEquals([checked, live, wanted], [HOSTS, HOSTS, 0]);
      assertEquals([lookup.asked, lookup.askedRooms.map((rooms) => rooms.length)], [[], [50, 50, 20]]);
      assertEquals((await store.getWatch("host7"))?.lastLiveAt, clock.now());
    });

    it("are looked up by name when their room is over: they may be live in another one", async () => {
      lookup.live("host1", "8001");
      lookup.offline("host2");
      const { checked, live, wanted } = await nextRound();
      assertEquals([checked, live, wanted], [HOSTS, HOSTS - 1, 1]);
      assertEquals(lookup.asked.flat().sort(), ["host1", "host2"]);
      assertEquals((await store.getRecording("8001"))?.username, "host1");
      assertEquals((await store.getWatch("host2"))?.state, "offline");
      lookup.live("host2", "8002");
      await clock.advance(90_000);
      assertEquals((await poll()).wanted, 1);
    });

    it("are recorded again when their recording has ended and the room goes on", async () => {
      const [claimed] = await store.claimRecordings({ owner: "a", now: clock.now(), leaseMs: 1_000, limit: 1 });
      const lease = { recordingId: claimed?.id ?? "", token: 1 };
      await store.finishRecording(lease, { endedAt: clock.now(), outcome: { kind: "ended" } });
      await clock.advance(75_000);
      assertEquals((await poll()).wanted, 1);
      assertEquals((await store.getRecording(lease.recordingId))?.state, "wanted");
    });

    it("are given back when TikTok refuses, and looked up by name when it cannot be understood", async () => {
      lookup.failure = new AppError("blocked", "Check rooms: blocked", { retryAfterMs: 20_000 });
      const refused = nextRound();
      await until(() => way.budget.state().refusals === 1);
      const refusedAt = clock.now();
      lookup.failure = undefined;
      await clock.advance(19_999);
      assertEquals([lookup.asked, lookup.askedRooms.length], [[], 1]);
      await clock.advance(5_000);
      assertEquals([(await refused).checked, lookup.askedRooms.length], [HOSTS, 4]);
      assertEquals((await store.getWatch("host1"))?.failures, 0);
      assert(((await store.getWatch("host1"))?.checkedAt ?? 0) >= refusedAt + 20_000);
      lookup.failure = new AppError("protocol", "Check rooms: not a list");
      await clock.advance(75_000);
      assertEquals((await poll()).checked, HOSTS);
      assertEquals(lookup.asked.flat().length, HOSTS);
      assertEquals(logger.events().filter((event) => event === "rooms_not_checked").length >= 2, true);
    });
  });

  it("stays for names that come due in its time, and leaves as soon as there will be none", async () => {
    await store.putWatch("host", clock.now());
    await store.putWatch("star", clock.now(), { priority: 2 });
    for (const each of ["host", "star"]) lookup.offline(each);
    const begun = clock.now();
    let leftAt = 0;
    const stay = poll({ stayMs: 50_000 }).finally(() => leftAt = clock.now());
    await clock.advance(50_000);
    assertEquals(await stay, summary(5, 0, 0, 0));
    assertEquals(leftAt - begun, 45_000);
    assertEquals(lookup.asked.flat().filter((name) => name === "star").length, 4);
  });

  it("sees names that are added while it stays, within a tick", async () => {
    lookup.live("new.host", ROOM);
    const ending = new AbortController();
    const stay = pollWatchlist(deps(), { ...OPTIONS, stayMs: Infinity }, ending.signal);
    await clock.advance(10_500);
    await store.putWatch("new.host", clock.now());
    await clock.advance(500);
    await until(() => launched.length > 0);
    assertEquals(launched, [1]);
    ending.abort();
    assertEquals(await stay, summary(1, 1, 0, 1, 500));
  });

  it("gives back what it looks up when it is ended", async () => {
    await store.putWatch("host", clock.now());
    const ending = new AbortController();
    const asked = Promise.withResolvers<void>();
    const never = {
      alive: () => Promise.resolve(new Map<string, boolean>()),
      links: (_names: readonly string[], { signal }: { signal?: AbortSignal | undefined } = {}) =>
        new Promise<never>((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason));
          asked.resolve();
        }),
    };
    const pass = pollWatchlist({ ...deps(), lookup: never }, OPTIONS, ending.signal);
    await asked.promise;
    ending.abort();
    assertEquals(await pass, summary(0, 0, 0, 0));
    lookup.live("host", ROOM);
    assertEquals((await poll()).wanted, 1);
    assertEquals(logger.events().includes("lookup_broke"), false);
  });

  it("reports a live that it could not store, and finds it again when the lease has ended", async () => {
    await store.putWatch("host", clock.now());
    await store.putWatch("other", clock.now());
    lookup.live("host", ROOM);
    lookup.offline("other");
    const throttled = Object.assign(Object.create(store), {
      wantRecording: () => Promise.reject(new Error("throttled")),
    });
    const { lost, checked } = await pollWatchlist({ ...deps(), store: throttled }, OPTIONS);
    assertEquals([lost, checked], [1, 1]);
    assertEquals(logger.events().includes("check_not_stored"), true);
    await clock.advance(OPTIONS.leaseMs);
    assertEquals((await poll()).wanted, 1);
  });

  it("fails when the store cannot tell what is due, after what it had begun", async () => {
    await store.putWatch("host", clock.now());
    const answer = Promise.withResolvers<void>();
    lookup.answers.set("host", async () => {
      await answer.promise;
      return { username: "host", state: "offline" };
    });
    let away = false;
    const failing = Object.assign(Object.create(store), {
      nextCheckAt: (shard: number) => away ? Promise.reject(new Error("away")) : store.nextCheckAt(shard),
    });
    const pass = pollWatchlist({ ...deps(), store: failing }, { ...OPTIONS, stayMs: Infinity });
    await until(() => lookup.asked.length === 1);
    away = true;
    const ended = assertRejects(() => pass);
    await clock.advance(OPTIONS.tickMs);
    answer.resolve();
    await ended;
    assertEquals((await store.getWatch("host"))?.state, "offline");
  });

  it("says how late it is, and complains once a minute", async () => {
    slow(60, 1);
    for (let i = 0; i < 200; i++) {
      await store.putWatch(`host${i}`, clock.now());
      lookup.offline(`host${i}`);
    }
    const ending = new AbortController();
    const pass = pollWatchlist(deps(), OPTIONS, ending.signal);
    const complaints = () => logger.events().filter((event) => event === "poll_behind").length;
    await clock.advance(60_000);
    assertEquals(complaints(), 0);
    await clock.advance(70_000);
    assertEquals(complaints(), 2);
    ending.abort();
    assertEquals((await pass).lateMs > 120_000, true);
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
