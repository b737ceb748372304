import { assertEquals } from "@std/assert";
import { beforeEach, describe, it } from "node:test";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import type { AnswerStore, KeptAnswer } from "../ports/answer_store.ts";
import { layeredAnswers } from "./layered_answers.ts";

const T0 = 1_760_000_000_000;
const answer = (body: string, storedAt: number): KeptAnswer => (
  { body, storedAt, freshUntil: storedAt + 10, keepUntil: storedAt + 100 }
);

/** A store that counts how often it is read. */
function countingStore() {
  const kept = new Map<string, KeptAnswer>();
  let reads = 0;
  const store: AnswerStore = {
    getAnswer(key) {
      reads++;
      return Promise.resolve(kept.get(key));
    },
    putAnswer: (key, put) => Promise.resolve(void kept.set(key, put)),
  };
  return { ...store, kept, reads: () => reads };
}

describe("layeredAnswers()", () => {
  let clock: ManualClock;
  let near: ReturnType<typeof countingStore>;
  let far: ReturnType<typeof countingStore>;
  let store: AnswerStore;

  beforeEach(() => {
    clock = new ManualClock(T0);
    near = countingStore();
    far = countingStore();
    store = layeredAnswers(near, far, clock);
  });

  it("reads the shared store only for what is not fresh in front of it", async () => {
    await far.putAnswer("a", answer("theirs", T0));
    assertEquals((await store.getAnswer("a"))?.body, "theirs");
    assertEquals((await store.getAnswer("a"))?.body, "theirs");
    assertEquals(far.reads(), 1);
    await clock.advance(10);
    await far.putAnswer("a", answer("newer", T0 + 9));
    assertEquals((await store.getAnswer("a"))?.body, "newer");
    assertEquals((await store.getAnswer("a"))?.body, "newer");
    assertEquals(far.reads(), 2);
  });

  it("puts into both", async () => {
    await store.putAnswer("a", answer("mine", T0));
    assertEquals([near.kept.get("a")?.body, far.kept.get("a")?.body], ["mine", "mine"]);
  });

  it("gives its own older answer when the shared store has none, or an older one", async () => {
    assertEquals(await store.getAnswer("a"), undefined);
    await near.putAnswer("a", answer("mine", T0));
    await clock.advance(50);
    assertEquals((await store.getAnswer("a"))?.body, "mine");
    await far.putAnswer("a", answer("older", T0 - 20));
    assertEquals((await store.getAnswer("a"))?.body, "mine");
  });
});
