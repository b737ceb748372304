import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { describe, it } from "node:test";
import { pause, SharedTask, withDeadline } from "./deadline.ts";
import { LiveError } from "./errors.ts";
import { FakeClock, settle } from "./testing/fakes.ts";

const never = () => new Promise<never>(() => {});

describe("withDeadline()", () => {
  it("gives what the work gives, and leaves no timer", async () => {
    const clock = new FakeClock();
    const options = { clock, timeoutMs: 10, action: "Do it" };
    assertEquals(await withDeadline(options, () => Promise.resolve(5)), 5);
    const error = new Error("no");
    assertStrictEquals(await assertRejects(() => withDeadline(options, () => Promise.reject(error))), error);
    assertEquals(clock.waiting, 0);
  });

  it("aborts the work and fails with deadline when the time is up", async () => {
    const clock = new FakeClock();
    let inner: AbortSignal | undefined;
    const pending = assertRejects(() =>
      withDeadline({ clock, timeoutMs: 10, action: "Do it" }, (signal) => {
        inner = signal;
        return never();
      })
    );
    await clock.advance(10);
    const error = await pending;
    assertInstanceOf(error, LiveError);
    assertEquals([error.code, error.message, inner?.aborted], ["deadline", "Do it: no answer within 10 ms", true]);
  });

  it("does not begin when the caller has given up already", async () => {
    const reason = new Error("enough");
    let begun = false;
    const options = { clock: new FakeClock(), timeoutMs: 10, action: "Do it", signal: AbortSignal.abort(reason) };
    const error = await assertRejects(() => withDeadline(options, () => Promise.resolve(begun = true)));
    assertStrictEquals(error, reason);
    assert(!begun);
  });
});

describe("pause()", () => {
  it("waits, and stops waiting at an abort, leaving no timer", async () => {
    const clock = new FakeClock();
    const waited = pause(clock, 100);
    await clock.advance(100);
    await waited;
    const controller = new AbortController();
    const pending = assertRejects(() => pause(clock, 100, controller.signal));
    controller.abort("reason");
    assertEquals([await pending, clock.waiting], ["reason", 0]);
    assertEquals(await assertRejects(() => pause(clock, 100, controller.signal)), "reason");
  });
});

describe("SharedTask", () => {
  it("runs once for many, and anew for the next", async () => {
    const task = new SharedTask<number>();
    let runs = 0;
    const start = () => Promise.resolve(++runs);
    assertEquals(await Promise.all([task.join(start), task.join(start), task.join(start)]), [1, 1, 1]);
    assertEquals(await task.join(start), 2);
  });

  it("hands a failure to all, and forgets it", async () => {
    const task = new SharedTask<number>();
    const error = new Error("no");
    const fail = () => Promise.reject(error);
    const failures = await Promise.all([1, 2].map(() => assertRejects(() => task.join(fail))));
    assertEquals(failures, [error, error]);
    assertEquals(await task.join(() => Promise.resolve(1)), 1);
  });

  it("is aborted when the last caller has left, not before", async () => {
    const task = new SharedTask<number>();
    let inner: AbortSignal | undefined;
    const start = (signal: AbortSignal) => {
      inner = signal;
      return never();
    };
    const [one, two] = [new AbortController(), new AbortController()];
    const first = assertRejects(() => task.join(start, one.signal));
    const second = assertRejects(() => task.join(start, two.signal));
    one.abort("one");
    assertEquals([await first, inner?.aborted], ["one", false]);
    two.abort("two");
    assertEquals(await second, "two");
    await settle();
    assertEquals(inner?.aborted, true);
    assertEquals(await task.join(() => Promise.resolve(7)), 7);
  });
});
