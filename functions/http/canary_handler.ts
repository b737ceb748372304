import type { CanaryReply } from "../contract/schemas.ts";
import type { CanaryStore } from "../ports/canary.ts";

/** What the canary knows; those facts first that are not as they were. */
export async function readCanary(store: Pick<CanaryStore, "readCanary">): Promise<CanaryReply> {
  const { facts, refusals, ranAt } = (await store.readCanary())?.state ?? { facts: [], refusals: [], ranAt: null };
  const sorted = facts.toSorted((a, b) => Number(b.drifted) - Number(a.drifted) || (a.name < b.name ? -1 : 1));
  return { ranAt, drifts: facts.filter(({ drifted }) => drifted).length, facts: sorted, refusals };
}
