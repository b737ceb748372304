import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { FakeClock } from "@roomtone/sdk/testing";
import { DiskGate } from "./disk_gate.ts";

describe("DiskGate", () => {
  it("closes below the limit, tells it once, and opens again above it", async () => {
    const clock = new FakeClock();
    const told: number[] = [];
    let free = 100;
    const freeBytes = () => free < 0 ? Promise.reject(new Error("no such disk")) : Promise.resolve(free);
    const gate = new DiskGate({ path: "/", limitBytes: 50, freeBytes, clock, onLow: (bytes) => told.push(bytes) });
    await gate.start();
    const { signal } = gate;
    const seen: boolean[] = [];
    for (free of [50, 49, 10, 80, 20, -1]) {
      await clock.advance(1_000);
      seen.push(gate.isLow);
    }
    assertEquals(seen, [false, true, true, false, true, false]);
    assertEquals([told, signal.aborted], [[49, 20], true]);
    gate.stop();
    free = 0;
    await clock.advance(5_000);
    assertEquals([gate.isLow, told.length], [false, 2]);
  });

  it("asks nobody where there is no limit", async () => {
    const freeBytes = () => Promise.reject(new Error("asked"));
    const gate = new DiskGate({ path: "/", limitBytes: 0, freeBytes, clock: new FakeClock(), onLow: () => {} });
    await gate.start();
    assertEquals(gate.isLow, false);
  });
});
