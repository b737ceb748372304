import { assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { ManualClock } from "../../../tests/fakes/manual_clock.ts";
import { answerStoreSuite } from "../../../tests/suites/answer_store_suite.ts";
import { memoryAnswers } from "./memory_answers.ts";

answerStoreSuite("memoryAnswers()", (clock) => Promise.resolve({ store: memoryAnswers(clock), close: async () => {} }));

describe("memoryAnswers()", () => {
  const answer = (body: string, keepUntil: number) => ({ body, storedAt: 1, freshUntil: 2, keepUntil });

  it("keeps answers until their time is over, and the newest of a key", async () => {
    const clock = new ManualClock(1_000);
    const store = memoryAnswers(clock);
    await store.putAnswer("a", answer("1", 3_000));
    await store.putAnswer("a", answer("2", 2_000));
    assertEquals(await store.getAnswer("a"), answer("2", 2_000));
    assertEquals(await store.getAnswer("b"), undefined);
    await clock.advance(1_000);
    assertEquals(await store.getAnswer("a"), undefined);
  });

  it("forgets the oldest when there are too many", async () => {
    const store = memoryAnswers(new ManualClock(0), 2);
    for (const key of ["a", "b", "a", "c"]) await store.putAnswer(key, answer(key, 9));
    assertEquals([await store.getAnswer("a"), await store.getAnswer("b")], [answer("a", 9), undefined]);
  });
});
