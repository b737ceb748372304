import type { AnswerStore, KeptAnswer } from "../../ports/answer_store.ts";
import type { Clock } from "../../ports/clock.ts";

/**
 * Keeps answers in memory; when there are too many, the one that was put first goes.
 * @param limit most answers to keep
 */
export function memoryAnswers(clock: Pick<Clock, "now">, limit = 5_000): AnswerStore {
  const kept = new Map<string, KeptAnswer>();
  return {
    getAnswer(key) {
      const found = kept.get(key);
      if (found === undefined || found.keepUntil > clock.now()) return Promise.resolve(found);
      kept.delete(key);
      return Promise.resolve(undefined);
    },
    putAnswer(key, answer) {
      kept.delete(key);
      kept.set(key, answer);
      const [first] = kept.keys();
      if (kept.size > limit && first !== undefined) kept.delete(first);
      return Promise.resolve();
    },
  };
}
