import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { ALERT_KINDS } from "../contract/alerts.ts";
import { AppError } from "../contract/errors.ts";
import type { AlertFacts, AlertStore } from "../ports/alert_store.ts";
import type { AlertMessage, SendResult } from "../ports/alert_target.ts";
import { type AlertRules, alertsOfBatch, alertsOfEnd, type FoundAlert, raiseAlerts } from "./alerts.ts";
import { AlertDeliverer, resendAlert, type WantingTarget } from "./deliver_alerts.ts";
import { wantLive } from "./want_recording.ts";

const REFUSED: SendResult = { delivered: false, problem: "the answer has status 500" };

/** A target that notes what it gets, and answers as it is told. */
class FakeTarget implements WantingTarget {
  readonly kinds = ALERT_KINDS;
  readonly hosts: readonly string[] | undefined;
  readonly name: string;
  readonly got: AlertMessage[] = [];
  /** Answers to come; after them it takes everything. */
  results: SendResult[] = [];

  constructor(name: string, hosts?: readonly string[]) {
    this.name = name;
    this.hosts = hosts;
  }
  send(message: AlertMessage): Promise<SendResult> {
    this.got.push(message);
    return Promise.resolve(this.results.shift() ?? { delivered: true });
  }
}

const facts = (id: string): AlertFacts => ({
  ...{ id: `live_started:${id}`, kind: "live_started", recordingId: id, username: "some.host", at: 5 },
  data: { title: "Tea" },
});

describe("AlertDeliverer", () => {
  let store: SqliteStore;
  let clock: ManualClock;
  let logger: CaptureLogger;
  let ops: FakeTarget;
  beforeEach(() => {
    store = sqliteStore(":memory:");
    clock = new ManualClock();
    logger = new CaptureLogger();
    ops = new FakeTarget("ops");
  });
  afterEach(() => store.close());

  const deliverer = (targets: readonly WantingTarget[] = [ops], over: AlertStore = store) =>
    new AlertDeliverer({ store: over, targets, clock, random: () => 0, logger });
  const put = (...ids: string[]) =>
    Promise.all(
      ids.map((id) => store.putAlert(facts(id), { now: clock.now(), expiresAt: clock.now() + 86_400_000 })),
    );
  const stateOf = async (id: string) => (await store.getAlert(`live_started:${id}`))?.state;

  it("brings an alert to each target that wants it, and not again", async () => {
    const [other, quiet] = [new FakeTarget("other", ["some.host"]), new FakeTarget("quiet", ["another"])];
    await put("1");
    const works = deliverer([ops, other, quiet]);
    assertEquals(await works.deliverDue(), { delivered: 2, failed: 0, dead: 0 });
    assertEquals(ops.got, [{
      ...{ id: "live_started:1", kind: "live_started", recordingId: "1", username: "some.host" },
      body: '{"version":1,"id":"live_started:1","kind":"live_started","at":5,"username":"some.host",' +
        '"recording_id":"1","data":{"title":"Tea"}}',
    }]);
    assertEquals([other.got, quiet.got], [ops.got, []]);
    await clock.advance(86_400_000);
    await works.deliverDue();
    assertEquals([ops.got.length, await stateOf("1")], [1, "delivered"]);
  });

  it("tries again later and later, leaves those alone that have it, and says the same each time", async () => {
    const other = new FakeTarget("other");
    ops.results = [REFUSED, REFUSED, REFUSED];
    await put("1");
    const works = deliverer([ops, other]);
    const waits: number[] = [];
    for (let last = clock.now(); await stateOf("1") !== "delivered"; last = clock.now()) {
      await works.deliverDue();
      const dueAt = (await store.getAlert("live_started:1"))?.dueAt;
      if (dueAt === undefined) break;
      await clock.advance(dueAt - clock.now() - 1);
      await works.deliverDue();
      await clock.advance(1);
      waits.push(clock.now() - last);
    }
    assertEquals(waits, [10_000, 20_000, 40_000]);
    assertEquals([ops.got.length, other.got.length], [4, 1]);
    assertEquals(new Set(ops.got.map(({ body }) => body)).size, 1);
    assert(logger.lines.some(({ event, fields }) => event === "alert_not_delivered" && fields["tries"] === 3));
  });

  it("waits as long as the receiver asks for, but not longer than an hour", async () => {
    ops.results = [{ ...REFUSED, retryAfterMs: 120_000 }, { ...REFUSED, retryAfterMs: 9e12 }];
    await put("1");
    for (const waitMs of [120_000, 3_600_000]) {
      await deliverer().deliverDue();
      const alert = await store.getAlert("live_started:1");
      assertEquals((alert?.dueAt ?? 0) - clock.now(), waitMs);
      await clock.advance(waitMs);
    }
  });

  it("gives an alert up after fifteen tries, lists it as dead, and sends it again when asked", async () => {
    ops.results = Array(15).fill(REFUSED);
    const other = new FakeTarget("other");
    await put("1");
    const works = deliverer([ops, other]);
    for (let hours = 0; hours < 20; hours++) {
      for (let i = 0; i < 20; i++) await works.deliverDue().then(() => clock.advance(180_000));
    }
    assertEquals([ops.got.length, await stateOf("1")], [15, "dead"]);
    const [dead] = (await store.listAlerts("dead", { limit: 9 })).items;
    assertEquals(dead?.deliveries["ops"]?.problem, "the answer has status 500");
    assertEquals(logger.lines.filter(({ level }) => level === "error").map(({ event }) => event), ["alert_dead"]);
    assertEquals((await resendAlert(store, "live_started:1", clock.now())).state, "pending");
    await works.deliverDue();
    assertEquals([ops.got.length, other.got.length, await stateOf("1")], [16, 1, "delivered"]);
  });

  it("sends only dead alerts again", async () => {
    await put("1");
    const codeOf = async (id: string) => {
      const error = await assertRejects(() => resendAlert(store, id, clock.now()));
      return error instanceof AppError ? error.code : error;
    };
    assertEquals(await codeOf("live_started:1"), "conflict");
    await deliverer().deliverDue();
    assertEquals(await codeOf("live_started:1"), "conflict");
    assertEquals(await codeOf("live_started:2"), "not_found");
  });

  it("lets a target that was late rest, so that the others do not wait for it", async () => {
    ops.results = [{ delivered: false, problem: "no answer within 10 s", late: true }];
    const other = new FakeTarget("other");
    const works = deliverer([ops, other]);
    await put("1");
    await works.deliverDue();
    await put("2", "3");
    await works.deliverDue();
    assertEquals([ops.got.length, other.got.length], [1, 3]);
    await clock.advance(30_000);
    await works.deliverDue();
    assertEquals([ops.got.length, await stateOf("2")], [4, "delivered"]);
  });

  it("gives up what waits for a target that is not there any more", async () => {
    ops.results = [REFUSED];
    await put("1");
    await deliverer().deliverDue();
    await clock.advance(60_000);
    const other = new FakeTarget("other");
    await deliverer([other]).deliverDue();
    const alert = await store.getAlert("live_started:1");
    assertEquals([alert?.state, alert?.deliveries["ops"]?.state], ["dead", "dead"]);
    assertEquals(other.got.length, 1);
  });

  it("sends an alert again whose delivery could not be noted, under the same id", async () => {
    await put("1");
    const forgetful: AlertStore = { ...store, settleAlert: () => Promise.reject(new Error("away")) };
    await deliverer([ops], forgetful).deliverDue();
    assertEquals(logger.events().includes("alert_not_settled"), true);
    await deliverer().deliverDue();
    assertEquals(ops.got.length, 1);
    await clock.advance(60_000);
    await deliverer().deliverDue();
    assertEquals(ops.got.map(({ id }) => id), ["live_started:1", "live_started:1"]);
    assertEquals(await stateOf("1"), "delivered");
  });

  it("follow() delivers what comes, and goes on when the store was away", async () => {
    let away = true;
    const flaky: AlertStore = {
      ...store,
      claimAlerts: (request) => away ? Promise.reject(new Error("away")) : store.claimAlerts(request),
    };
    const ending = new AbortController();
    const following = deliverer([ops], flaky).follow(1_000, ending.signal);
    await put("1");
    await clock.advance(2_000);
    assertEquals([ops.got.length, logger.events().includes("alerts_not_read")], [0, true]);
    away = false;
    await clock.advance(1_000);
    assertEquals(ops.got.length, 1);
    ending.abort();
    await following;
  });
});

/** What may happen, one after the other; `fault` counts the store's calls up to one that fails. */
interface Step {
  what: "poll" | "consume" | "end" | "deliver" | "wait";
  room: number;
  fault: number;
  /** Whether the failing call did its work all the same. */
  done: boolean;
  answers: boolean[];
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom("poll", "consume", "consume", "end", "deliver", "deliver", "wait"),
  room: fc.integer({ min: 1, max: 3 }),
  fault: fc.integer({ min: 0, max: 6 }),
  done: fc.boolean(),
  answers: fc.array(fc.boolean(), { maxLength: 3 }),
});
const giftLine = fc.record({
  user: fc.integer({ min: 1, max: 2 }),
  streak: fc.integer({ min: 0, max: 2 }),
  total: fc.integer({ min: 1, max: 20 }),
});

describe("alerts under faults", () => {
  it("none is raised twice or under two keys, and each reaches every target under its one id", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.array(giftLine, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        async (steps, log) => {
          const world = new FaultyWorld(log);
          for (const each of steps) await world.take(each);
          await world.heal();
          await world.check();
          world.close();
        },
      ),
      { numRuns: 150 },
    );
  });
});

const RULES: AlertRules = { giftDiamonds: 10, targets: [{ kinds: ALERT_KINDS }] };
const ROOMS = [1, 2, 3];

/** Pollers, recorders, consumers and deliverers over one store, each of which may die at any call of it. */
class FaultyWorld {
  readonly #store = sqliteStore(":memory:");
  readonly #clock = new ManualClock();
  readonly #logger = new CaptureLogger();
  readonly #targets = [new FakeTarget("a"), new FakeTarget("b")];
  readonly #log: Record<string, unknown>[][];
  /** Alerts that the store took, by key. */
  readonly #puts = new Map<string, number>();

  constructor(log: readonly (readonly { user: number; streak: number; total: number }[])[]) {
    let id = 0;
    this.#log = log.map((batch) =>
      batch.map(({ user, streak, total }) => ({
        ...{ type: "gift", id: String(++id), at: 1, user: { id: String(user) }, diamonds: 1, total, value: total },
        streak: { id: streak === 0 ? "" : String(streak) },
      }))
    );
  }

  /** Does one step; a fault ends it where it is, as a crash would. */
  async take({ what, room, fault, done, answers }: Step): Promise<void> {
    const store = this.#faulty(fault, done);
    for (const target of this.#targets) target.results = answers.map((good) => good ? { delivered: true } : REFUSED);
    try {
      if (what === "poll") await this.#poll(store, room);
      if (what === "consume") await this.#consume(store, room, fault % this.#log.length);
      if (what === "end") await this.#end(store, room);
      if (what === "deliver") await this.#deliver(store);
      if (what === "wait") await this.#clock.advance(61_000);
    } catch (error) {
      assert(error instanceof CrashError, String(error));
    }
  }

  /** From now on nothing fails, and all that was to happen happens, some of it again. */
  async heal(): Promise<void> {
    for (const target of this.#targets) target.results = [];
    for (const room of ROOMS) {
      await this.#poll(this.#faulty(0, false), room);
      for (const seq of this.#log.keys()) await this.#consume(this.#faulty(0, false), room, seq);
      await this.#end(this.#faulty(0, false), room);
    }
    for (let i = 0; i < 3; i++) {
      await this.#clock.advance(3_600_000);
      await this.#deliver(this.#faulty(0, false));
    }
  }

  async check(): Promise<void> {
    const expected = ROOMS.flatMap((room) => [
      `live_started:${room}`,
      `live_ended:${room}`,
      ...new Set(
        this.#log.flat().filter(({ total }) => Number(total) >= 10).map(({ id, user, streak }) => {
          const { id: group } = streak as { id: string };
          return `gift_over:${room}:${group === "" ? id : `${(user as { id: string }).id}-${group}`}`;
        }),
      ),
    ]).sort();
    const { items } = await this.#store.listAlerts("delivered", { limit: 1_000 });
    assertEquals(items.map(({ id }) => id).sort(), expected);
    assertEquals([...this.#puts.keys()].sort(), expected);
    assertEquals(new Set(this.#puts.values()), new Set([1]));
    for (const { got } of this.#targets) {
      assertEquals([...new Set(got.map(({ id }) => id))].sort(), expected);
      assertEquals(new Set(got.map(({ body }) => body)).size, expected.length);
    }
  }

  close(): void {
    this.#store.close();
  }

  #raise(store: SqliteStore): (alerts: readonly FoundAlert[]) => Promise<void> {
    return (alerts) => raiseAlerts({ store, clock: this.#clock, logger: this.#logger, rules: RULES }, alerts);
  }

  async #poll(store: SqliteStore, room: number): Promise<void> {
    const live = { username: `host${room}`, roomId: String(room), title: "Tea" };
    await wantLive({ store, clock: this.#clock, logger: this.#logger, raise: this.#raise(store) }, live, () => false);
  }

  async #consume(store: SqliteStore, room: number, seq: number): Promise<void> {
    const events = this.#log[seq] ?? [];
    await this.#raise(store)(alertsOfBatch({ recordingId: String(room), seq }, events, RULES));
  }

  /** Ends a recording as its session does: told first, then noted. */
  async #end(store: SqliteStore, room: number): Promise<void> {
    const recording = await store.getRecording(String(room));
    if (recording === undefined || recording.state === "finished") return;
    await this.#raise(store)(alertsOfEnd(recording, { kind: "ended" }, { startedAt: undefined, at: 9 }));
    await store.stopRecording(recording.id, 9);
  }

  async #deliver(store: SqliteStore): Promise<void> {
    const deps = { store, targets: this.#targets, clock: this.#clock, random: () => 0.5, logger: this.#logger };
    await new AlertDeliverer(deps).deliverDue();
  }

  /** The store, whose call number `fault` fails, and all after it; 0: none does. */
  #faulty(fault: number, done: boolean): SqliteStore {
    let calls = 0;
    return new Proxy(this.#store, {
      get: (store, name, receiver) => {
        const method: unknown = Reflect.get(store, name, receiver);
        if (typeof method !== "function") return method;
        return async (...given: unknown[]) => {
          const call = ++calls;
          if (fault > 0 && (call > fault || (call === fault && !done))) throw new CrashError();
          const result: unknown = await method.apply(store, given);
          if (name === "putAlert" && result === true) {
            const { id } = given[0] as AlertFacts;
            this.#puts.set(id, (this.#puts.get(id) ?? 0) + 1);
          }
          if (fault > 0 && call === fault) throw new CrashError();
          return result;
        };
      },
    });
  }
}

class CrashError extends Error {}
