/**
 * Pollers and recorders under random schedules of everything that goes wrong at once, judged by a recount.
 * `ROOMTONE_MODEL_SEED=... npm test -- fleet_model` repeats one run.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { describe, it } from "node:test";
import { Fleet, type FleetPool, LEASE_MS, POLL } from "../fakes/fleet.ts";
import { anyAt, type Span } from "../fakes/model_world.ts";
import { createRandom, type Random } from "../standin/prng.ts";
import type { StoreFixture } from "./store_fixture.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const CALM_S = 600;
const SKEW_MS = 30 * SECOND;
/** Room for what a fault leaves behind: a lease, skew, the longest pause after refusals, and the longest interval. */
const RECOVERY_MS = LEASE_MS + SKEW_MS + 150 * SECOND + 2 * POLL.maxIntervalMs;
/** From going live to being recorded, without faults: two intervals, and the time after which a room is taken up again. */
const FIND_MS = 2 * POLL.maxIntervalMs + MINUTE;

/** How much of it there is. */
export interface ModelScale {
  /** One run of each. @default `1`, and one that is new each time */
  seeds?: string[];
  hosts: number;
  /** Faults come in the first part; hosts go on and off air for longer; then everything settles. */
  troubleMinutes: number;
  onAirMinutes: number;
}

/**
 * Declares the model test on a store.
 * @param makeStore makes a fresh store; called before each test
 */
export function fleetModelSuite(name: string, makeStore: () => Promise<StoreFixture>, scale: ModelScale): void {
  describe(`${name}: pollers and recorders under random faults`, () => {
    const asked = process.env["ROOMTONE_MODEL_SEED"];
    const seeds = asked === undefined ? scale.seeds ?? ["1", String(Date.now())] : [asked];
    for (const seed of seeds) {
      it(`lose nothing that is not reported, ROOMTONE_MODEL_SEED=${seed}`, { timeout: 240_000 }, async () => {
        const fixture = await makeStore();
        const model = new Model(new Fleet(() => fixture.open(), createRandom(`${seed}/chance`)), seed, scale);
        try {
          await model.run();
        } finally {
          await fixture.close();
        }
      });
    }
  });
}

class Model {
  readonly #fleet: Fleet;
  readonly #random: Random;
  readonly #scale: ModelScale;
  readonly #cutOffs: Span[] = [];
  readonly #killsAt: number[];
  #pools = 0;
  /** Ends of faults, so far. */
  #lastFaultAt = 0;
  /** Seconds of hosts on air that were looked at, and the first of them that was not as it should be. */
  #watched = 0;
  #late: string | undefined;

  constructor(fleet: Fleet, seed: string, scale: ModelScale) {
    this.#fleet = fleet;
    this.#scale = scale;
    const random = this.#random = createRandom(seed);
    const { refusals, away, throttled } = fleet.troubles;
    refusals.push(...this.#spans(4, 10, 60));
    away.push(...this.#spans(3, 5, 120));
    throttled.push(...this.#spans(3, 30, 180));
    fleet.refuseWith = ["captcha", "blocked", "rate_limited", "network", "signer_failed"];
    this.#killsAt = Array.from({ length: 4 }, () => fleet.at(random.int(2, scale.troubleMinutes) * 60));
    for (let i = 0; i < scale.hosts; i++) this.#schedule(`host${i}`);
  }

  async run(): Promise<void> {
    const { hosts, onAirMinutes } = this.#scale;
    const fleet = this.#fleet;
    for (let i = 0; i < hosts; i++) await fleet.watch(`host${i}`);
    // Each poller overlaps itself.
    for (let i = 0; i < 2; i++) await fleet.startPollers(this.#machine(`poller${i}`), 2);
    const pools = [await this.#startPool(), await this.#startPool()];
    for (const endsAt = fleet.at(onAirMinutes * 60 + CALM_S); fleet.clock.now() < endsAt;) {
      await fleet.advance(1);
      const now = fleet.clock.now();
      for (const [i, at] of this.#killsAt.entries()) {
        if (at > now || at <= now - SECOND) continue;
        // Half of them die, half are asked to go, and a fresh one takes the place.
        const which = this.#random.int(0, 1);
        const old = pools[which];
        if (i % 2 === 0 && old !== undefined) old.machine.dead = true;
        else void old?.pool.stop();
        pools[which] = await this.#startPool();
        this.#lastFaultAt = now;
      }
      const { refusals, away, throttled } = fleet.troubles;
      if (anyAt([...refusals, ...away, ...throttled, ...this.#cutOffs], now)) this.#lastFaultAt = now;
      this.#watch(now);
    }
    await fleet.end();
    assertEquals(this.#late, undefined);
    assert(this.#watched > onAirMinutes * 10, `only ${this.#watched} s were without trouble`);
    const recount = await fleet.recount();
    assert(recount.stored > recount.sent / 4, JSON.stringify({ ...recount, recordings: recount.recordings.length }));
    for (const { id, state } of recount.recordings) assertEquals(state, "finished", id);
  }

  /** Who is on air for long enough, and all is well for long enough, is recorded by one recorder. */
  #watch(now: number): void {
    for (const { username, roomId, from, to } of this.#fleet.air.times) {
      if (now < Math.max(from, this.#lastFaultAt + RECOVERY_MS) + FIND_MS || now >= to) continue;
      this.#watched++;
      const at = this.#fleet.recording(roomId);
      if (at.length !== 1) this.#late ??= `${username} has ${at.length} recorders after ${now - from} ms on air`;
    }
  }

  #machine(name: string) {
    const cutOff = this.#random.chance(0.5) ? this.#spans(1, 20, 150) : [];
    this.#cutOffs.push(...cutOff);
    return this.#fleet.machine(name, { cutOff, skewMs: this.#random.int(-SKEW_MS / 2, SKEW_MS / 2) });
  }

  async #startPool(): Promise<FleetPool> {
    return await this.#fleet.startPool(this.#machine(`recorder${this.#pools++}`));
  }

  #spans(count: number, leastS: number, mostS: number): Span[] {
    return Array.from({ length: count }, () => {
      const from = this.#random.int(1, this.#scale.troubleMinutes) * 60;
      return this.#fleet.span(from, from + this.#random.int(leastS, mostS));
    });
  }

  /**
   * Times on air of a host: some end for a moment and go on in the same room, others are followed by a new one, at once
   * or later. In between the stream stalls, or the disk is full.
   */
  #schedule(username: string): void {
    const { air } = this.#fleet;
    const random = this.#random;
    const endsAt = this.#scale.onAirMinutes * 60;
    let roomId = random.digits(12);
    for (let from = random.int(0, 300); from < endsAt;) {
      const to = Math.min(endsAt, from + random.int(120, 1_500));
      this.#fleet.onAir(username, roomId, from, to);
      if (random.chance(0.5)) {
        const at = random.int(from, to);
        const reason = random.pick(["stalled", "paused"] as const);
        air.holes.push({ roomId, reason, ...this.#fleet.span(at, at + random.int(15, 90)) });
      }
      const back = random.chance(0.4);
      if (!back) roomId = random.digits(12);
      from = to + (back ? random.int(2, 90) : random.pick([0, random.int(5, 400)]));
    }
  }
}
