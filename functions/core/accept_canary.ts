import { AppError } from "../contract/errors.ts";
import type { CanaryState, CanaryStore } from "../ports/canary.ts";

/** Runs that store at the same time are rare; one that is this often too late has something wrong with it. */
const MOST_TRIES = 5;

/**
 * Takes what facts are now for how they should be: TikTok has changed for good, and the system has been changed to it.
 * @param names of facts; without them, of all that drifted
 * @throws AppError `not_found` for a name that no fact has
 */
export async function acceptFacts(store: CanaryStore, names?: readonly string[]): Promise<CanaryState> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const known = await store.readCanary();
    const facts = known?.state.facts ?? [];
    const unknown = names?.find((name) => facts.every((fact) => fact.name !== name));
    if (known === undefined || unknown !== undefined) {
      throw new AppError("not_found", `Accept ${unknown ?? "facts"}: the canary knows no such fact`, {
        remedy: "GET /canary lists those that it knows, once it has looked",
      });
    }
    const { ranAt, refusals } = known.state;
    const accepted = facts.map((fact) =>
      fact.drifted && (names?.includes(fact.name) ?? true)
        ? { ...fact, drifted: false, lastGood: fact.current, lastGoodAt: ranAt }
        : fact
    );
    const state = { ranAt, facts: accepted, refusals };
    if (await store.writeCanary(state, known.version)) return state;
  }
  throw new AppError("conflict", "Accept facts: the canary looks at the same time, again and again", {
    remedy: "Try again in a minute",
  });
}
