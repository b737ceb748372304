/**
 * Faults that pollers and recorders survive together, on any store: one at a time, on a clock that tests move, with a
 * recount after each. Nothing is lost but what was reported.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import process from "node:process";
import { Fleet, type FleetPool, LEASE_MS, messagesIn, POLL, type Recount } from "../fakes/fleet.ts";
import { createRandom, type Random } from "../standin/prng.ts";
import type { StoreFixture } from "./store_fixture.ts";

const LEASE_S = LEASE_MS / 1_000;
/** From going live to being recorded, without faults, s: an interval with its jitter, a look, a claim, a step of the clock. */
const FIND_S = Math.ceil((POLL.intervalMs * (1 + POLL.jitter) + POLL.tickMs) / 1_000) + 4;
/** From a recorder's clean end to the next one's beginning, s. */
const HAND_OVER_S = 5;
/** What a recorder that dies has not stored of the events, s. */
const UNFLUSHED_S = 4;
/** The same of the video: the open segment. */
const OPEN_SEGMENT_S = 7;
const SKEW_MS = 30_000;
const TEST = { timeout: 120_000 };

/**
 * Declares the tests of the fault list on a store.
 * @param makeStore makes a fresh store; called before each test
 */
export function fleetFaultsSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  const seed = process.env["ROOMTONE_TEST_SEED"] ?? String(Date.now());
  describe(`${name}: a fleet survives (ROOMTONE_TEST_SEED=${seed})`, () => {
    let fixture: StoreFixture;
    let fleet: Fleet;
    let random: Random;

    beforeEach(async () => {
      fixture = await makeStore();
      random = createRandom(seed);
      fleet = new Fleet(() => fixture.open(), random);
    });
    afterEach(async () => {
      await fleet.end();
      await fixture.close();
    });

    /** One poller that stays, and a pool of recorders. */
    const start = async (...names: string[]): Promise<FleetPool[]> => {
      await fleet.startPollers(fleet.machine("poller"), 1);
      const pools: FleetPool[] = [];
      for (const each of names) pools.push(await fleet.startPool(fleet.machine(each)));
      return pools;
    };
    /** Puts a host on the list who is on air for some time. */
    const host = async (username: string, roomId: string, fromS: number, toS: number) => {
      await fleet.watch(username);
      fleet.onAir(username, roomId, fromS, toS);
    };
    const finish = async (): Promise<Recount> => {
      await fleet.end();
      return await fleet.recount();
    };
    const partsOf = ({ recordings }: Recount, roomId: string) =>
      recordings.find(({ id }) => id === roomId)?.parts.map(({ part }) => part);
    /** Everything is stored but what was said before the room was found. */
    const assertWhole = ({ sent, stored, shown, unattended, dropped, inGaps }: Recount, rooms = 1) => {
      assert(unattended <= rooms * messagesIn(FIND_S), `${unattended} messages were not recorded`);
      assertEquals([stored + unattended, dropped, inGaps], [sent, 0, 0]);
      assert(shown >= sent - rooms * messagesIn(FIND_S), `${shown} of ${sent} are shown`);
    };

    it("nothing going wrong: all is recorded", TEST, async () => {
      await host("a", "1", 5, 120);
      await host("b", "2", 40, 100);
      await start("one");
      await fleet.advance(150);
      const recount = await finish();
      assertWhole(recount, 2);
      assertEquals(recount.recordings.map(({ id, state, outcome }) => [id, state, outcome?.kind]).sort(), [
        ["1", "finished", "ended"],
        ["2", "finished", "ended"],
      ]);
    });

    for (const [fault, reason] of [["a stalled stream", "stalled"], ["a full disk", "paused"]] as const) {
      it(`${fault}: the gap is told, events go on, all else is stored`, TEST, async () => {
        await host("a", "1", 0, 200);
        fleet.air.holes.push({ roomId: "1", reason, ...fleet.span(60, 90) });
        await start("one");
        await fleet.advance(230);
        const recount = await finish();
        assertEquals([partsOf(recount, "1"), recount.stored + recount.unattended], [[1], recount.sent]);
        assert(recount.inGaps >= 14 && recount.inGaps <= 16, `${recount.inGaps} messages in gaps`);
        const gaps = fleet.logger.lines.filter(({ event }) => event === "recording_gap");
        assertEquals(gaps.map(({ fields }) => [fields["reason"], fields["missingMs"]]), [[reason, 30_000]]);
        assert(recount.shown + recount.inGaps >= recount.sent - messagesIn(FIND_S));
      });
    }

    it("refusals: nobody is offline for them, recordings go on, and lives are found afterwards", TEST, async () => {
      await host("a", "1", 0, 400);
      await host("b", "2", 70, 400);
      fleet.troubles.refusals.push(fleet.span(60, 120));
      fleet.refuseWith = ["captcha", "blocked", "rate_limited"];
      await start("one");
      await fleet.advance(119);
      assertEquals([fleet.recording("1").length, fleet.recording("2").length], [1, 0]);
      assertEquals((await (await fleet.store()).getWatch("a"))?.state, "live");
      await fleet.advance(180);
      assertEquals(fleet.recording("2").length, 1);
      await fleet.advance(121);
      const recount = await finish();
      assertEquals([partsOf(recount, "1"), partsOf(recount, "2"), recount.dropped], [[1], [1], 0]);
    });

    it("a signer that is down: it is no refusal of TikTok's, and nobody is offline for it", TEST, async () => {
      await host("a", "1", 0, 260);
      await host("b", "2", 70, 260);
      fleet.troubles.refusals.push(fleet.span(60, 100));
      fleet.refuseWith = ["signer_failed"];
      await start("one");
      await fleet.advance(99);
      const { state, lastError } = await (await fleet.store()).getWatch("a") ?? {};
      assertEquals([state, lastError === undefined || lastError === "signer_failed"], ["live", true]);
      // Nobody slowed down: who failed comes again after twice the interval.
      await fleet.advance(2 * POLL.maxIntervalMs / 1_000);
      assertEquals([fleet.recording("1").length, fleet.recording("2").length], [1, 1]);
      await fleet.advance(60);
      assertEquals((await finish()).dropped, 0);
    });

    it("another room id, at once: each room is one recording, and the first one ended", TEST, async () => {
      await host("a", "1", 0, 100);
      fleet.onAir("a", "2", 100, 200);
      await start("one");
      await fleet.advance(240);
      const recount = await finish();
      assertWhole(recount, 2);
      const kinds = recount.recordings.map(({ id, outcome, parts }) => [id, outcome?.kind, parts.length]).sort();
      assertEquals(kinds, [["1", "ended", 1], ["2", "ended", 1]]);
    });

    it("a host who is back within the quiet time: the same part goes on", TEST, async () => {
      await host("a", "1", 0, 90);
      fleet.onAir("a", "1", 97, 200);
      await start("one");
      await fleet.advance(240);
      const recount = await finish();
      assertWhole(recount);
      assertEquals(partsOf(recount, "1"), [1]);
    });

    it("a host who is back in the same room after its end: the recording is opened again", TEST, async () => {
      await host("a", "1", 0, 90);
      fleet.onAir("a", "1", 170, 300);
      await start("one");
      await fleet.advance(340);
      const recount = await finish();
      assertEquals([partsOf(recount, "1"), recount.recordings.length, recount.dropped], [[1, 2], 1, 0]);
      assert(recount.unattended <= 2 * messagesIn(FIND_S), `${recount.unattended} messages were not recorded`);
    });

    it("two pollers and two recorders on one room: it is recorded once", TEST, async () => {
      await host("a", "1", 10, 150);
      await fleet.startPollers(fleet.machine("poller0"), 1);
      await fleet.startPollers(fleet.machine("poller1"), 1);
      for (const each of ["one", "two"]) await fleet.startPool(fleet.machine(each));
      await fleet.advance(60);
      assertEquals(fleet.recording("1").length, 1);
      await fleet.advance(120);
      const recount = await finish();
      assertWhole(recount);
      assertEquals([fleet.runs.length, partsOf(recount, "1")], [1, [1]]);
    });

    it("SIGKILL of a recorder at 20 random moments: another goes on in a new part", TEST, async () => {
      const kills = 20;
      const resumedS = LEASE_S + HAND_OVER_S;
      for (const [index, each] of ["a", "b"].entries()) await host(each, String(index + 1), 0, 2_000);
      let [victim] = await start("recorder0");
      await fleet.advance(FIND_S);
      for (let kill = 1; kill <= kills; kill++) {
        await fleet.advance(random.int(3, 20));
        // Not on the beat of the world: somewhere in a second.
        await fleet.clock.advance(random.int(0, 999));
        assertEquals(["1", "2"].map((id) => fleet.recording(id).map(({ machine }) => machine)), [
          [victim?.machine],
          [victim?.machine],
        ]);
        assert(victim !== undefined);
        victim.machine.dead = true;
        victim = await fleet.startPool(fleet.machine(`recorder${kill}`));
        await fleet.advance(resumedS);
      }
      await fleet.advance(2_040 - (fleet.clock.now() - fleet.begunAt) / 1_000);
      const recount = await finish();
      const lostS = kills * resumedS;
      for (const { id, parts, state } of recount.recordings) {
        assertEquals([id, state, parts.length], [id, "finished", kills + 1]);
      }
      assertEquals(recount.recordings.length, 2);
      assert(recount.dropped <= 2 * kills * messagesIn(UNFLUSHED_S), `${recount.dropped} messages were dropped`);
      assert(recount.unattended <= 2 * messagesIn(lostS + FIND_S), `${recount.unattended} were not recorded`);
      const leastShown = recount.sent - 2 * messagesIn(lostS + FIND_S + kills * OPEN_SEGMENT_S);
      assert(recount.shown >= leastShown, `${recount.shown} of ${recount.sent} are shown`);
    });

    it("SIGTERM under load, while the store refuses a third of all: all is handed over", TEST, async () => {
      const rooms = 12;
      for (let i = 0; i < rooms; i++) await host(`host${i}`, String(i + 1), 0, 240);
      await fleet.startPollers(fleet.machine("poller"), 1);
      const old = await fleet.startPool(fleet.machine("old"), { slots: rooms });
      await fleet.advance(60);
      assertEquals(old.pool.active(), rooms);
      await fleet.startPool(fleet.machine("new"), { slots: rooms });
      fleet.troubles.throttled.push(fleet.span(55, 180));
      await fleet.during(old.pool.stop());
      assert(fleet.clock.now() < fleet.at(60 + 110), "it took longer than 110 s");
      await fleet.advance(270 - (fleet.clock.now() - fleet.begunAt) / 1_000);
      const recount = await finish();
      for (const { parts, state } of recount.recordings) {
        assertEquals([state, parts.length], ["finished", 2]);
      }
      assertEquals([recount.recordings.length, recount.dropped], [rooms, 0]);
      // A claim or its answer may be refused a few times, and an answer that got lost costs a lease.
      const lost = rooms * messagesIn(FIND_S + 2 * HAND_OVER_S + LEASE_S);
      assert(recount.unattended <= lost, `${recount.unattended} were not recorded`);
    });

    it("a lease that is lost while its recorder writes: another goes on, nothing is there twice", TEST, async () => {
      await host("a", "1", 0, 400);
      await fleet.startPollers(fleet.machine("poller"), 1);
      const cutOff = [fleet.span(60, 200)];
      await fleet.startPool(fleet.machine("one", { cutOff }));
      await fleet.advance(50);
      await fleet.startPool(fleet.machine("two"));
      await fleet.advance(145);
      // Both record: the first one does not know yet that it lost its lease.
      assertEquals(fleet.recording("1").map(({ machine }) => machine.name), ["one", "two"]);
      await fleet.advance(30);
      assertEquals(fleet.recording("1").map(({ machine }) => machine.name), ["two"]);
      await fleet.advance(200);
      const recount = await finish();
      assertEquals([partsOf(recount, "1"), fleet.logger.events().includes("lease_lost")], [[1, 2], true]);
      const most = messagesIn(LEASE_S + HAND_OVER_S);
      assert(recount.dropped > 0 && recount.dropped <= most, `${recount.dropped} messages were dropped`);
    });

    it("a store that throttles for three minutes: nothing is lost, no part is added", TEST, async () => {
      for (let i = 0; i < 3; i++) await host(`host${i}`, String(i + 1), 0, 300);
      await start("one");
      await fleet.advance(60);
      fleet.troubles.throttled.push(fleet.span(60, 240));
      await fleet.advance(280);
      const recount = await finish();
      assertWhole(recount, 3);
      for (const id of ["1", "2", "3"]) assertEquals(partsOf(recount, id), [1]);
      assert(fleet.logger.events().includes("store_write_failed"));
    });

    it("a store that is away for longer than a lease: nothing is lost, no part is added", TEST, async () => {
      await host("a", "1", 0, 400);
      await host("b", "2", 100, 400);
      fleet.troubles.away.push(fleet.span(60, 60 + 3 * LEASE_S));
      await start("one", "two");
      await fleet.advance(430);
      const recount = await finish();
      assertEquals([partsOf(recount, "1"), partsOf(recount, "2"), recount.dropped], [[1], [1], 0]);
    });

    it("clocks of recorders and pollers 30 s apart: nobody takes a recording away", TEST, async () => {
      for (let i = 0; i < 3; i++) await host(`host${i}`, String(i + 1), 0, 400);
      await fleet.startPollers(fleet.machine("behind", { skewMs: -SKEW_MS / 2 }), 1);
      await fleet.startPollers(fleet.machine("ahead", { skewMs: SKEW_MS / 2 }), 1);
      for (const skewMs of [-SKEW_MS / 2, SKEW_MS / 2]) {
        await fleet.startPool(fleet.machine(`by ${skewMs}`, { skewMs }));
      }
      await fleet.advance(450);
      const recount = await finish();
      const ids = ["1", "2", "3"];
      assertEquals([ids.map((id) => partsOf(recount, id)), recount.dropped], [[[1], [1], [1]], 0]);
      assertEquals(fleet.runs.length, 3);
    });

    it(
      "a poller that overlaps itself while TikTok takes longer than its lease: one recording a room",
      TEST,
      async () => {
        for (let i = 0; i < 3; i++) await host(`host${i}`, String(i + 1), 0, 500);
        fleet.answerMs = POLL.leaseMs + 15_000;
        await fleet.startPollers(fleet.machine("poller"), 3);
        await fleet.startPool(fleet.machine("one"));
        await fleet.advance(520);
        const recount = await finish();
        assertEquals(["1", "2", "3"].map((id) => partsOf(recount, id)), [[1], [1], [1]]);
        assertEquals([fleet.runs.length, recount.dropped], [3, 0]);
      },
    );
  });
}
