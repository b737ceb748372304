import type { AnswerStore } from "../ports/answer_store.ts";
import type { Clock } from "../ports/clock.ts";

/**
 * A store in front of a slower one that others share: what is fresh in front answers at once.
 * @param near this process's own
 * @param far the shared one
 */
export function layeredAnswers(near: AnswerStore, far: AnswerStore, clock: Pick<Clock, "now">): AnswerStore {
  return {
    async getAnswer(key) {
      const own = await near.getAnswer(key);
      if (own !== undefined && own.freshUntil > clock.now()) return own;
      const shared = await far.getAnswer(key);
      if (shared === undefined || (own !== undefined && own.freshUntil >= shared.freshUntil)) return own;
      await near.putAnswer(key, shared);
      return shared;
    },
    async putAnswer(key, answer) {
      await Promise.all([near.putAnswer(key, answer), far.putAnswer(key, answer)]);
    },
  };
}
