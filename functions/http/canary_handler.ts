import type { CanaryReply } from "../contract/schemas.ts";
import type { CanaryState, CanaryStore } from "../ports/canary.ts";

/** What the canary knows. */
export async function readCanary(store: Pick<CanaryStore, "readCanary">): Promise<CanaryReply> {
  return canaryReply((await store.readCanary())?.state);
}

/** What a canary knows, as the API tells it; those facts first that are not as they were. */
export function canaryReply(state: CanaryState | undefined): CanaryReply {
  const facts = (state?.facts ?? []).toSorted((a, b) =>
    Number(b.drifted) - Number(a.drifted) || (a.name < b.name ? -1 : 1)
  );
  return {
    ran_at: state?.ranAt ?? null,
    drifts: facts.filter(({ drifted }) => drifted).length,
    facts: facts.map(({ name, area, lastGood, lastGoodAt, current, since, drifted }) => ({
      ...{ name, area, current, since, drifted },
      last_good: lastGood,
      last_good_at: lastGoodAt,
    })),
    refusals: state?.refusals ?? [],
  };
}
