/** A recording with more events than a stand-in could send while somebody waits. */
import type { Page } from "playwright-core";

/** Events of one answer, as the API's most. */
const PAGE_EVENTS = 1_000;

/** What a page is given in place of the recording's own events. */
export interface ManyEvents {
  count: number;
  /** Time of the first, and from it to the last, ms. */
  fromMs: number;
  lengthMs: number;
  /** Only chat, else gifts, likes and viewers too. */
  chatOnly?: boolean;
  /** Is waited for before an answer. */
  before?(after: number): Promise<void>;
}

/** Gives a page these events. */
export async function giveEvents(page: Page, many: ManyEvents): Promise<void> {
  const { count, before } = many;
  await page.route("**/recordings/*/events?*", async (route) => {
    const after = Number(new URL(route.request().url()).searchParams.get("after"));
    await before?.(after);
    const length = Math.min(PAGE_EVENTS, count - after);
    const events = Array.from({ length }, (_, index) => eventAt(many, after + index));
    const body = { events, after: String(after + length), finished: after + length >= count };
    // A page that was left does not wait for its answer.
    await route.fulfill({ json: body }).catch(() => undefined);
  });
}

function eventAt({ count, fromMs, lengthMs, chatOnly = false }: ManyEvents, index: number): Record<string, unknown> {
  const person = index % 997;
  const base = {
    id: String(index),
    receivedAt: fromMs + Math.round(index * lengthMs / count),
    user: { id: String(person), username: `viewer${person}`, nickname: `Viewer ${person}` },
  };
  if (!chatOnly && index % 10 === 3) return { ...base, type: "like", count: 5, total: 1_000 + index };
  if (!chatOnly && index % 10 === 7) return { ...base, type: "viewers", count: 500 + index % 90, total: index };
  if (!chatOnly && index % 50 === 9) {
    const streak = { id: String(index), ended: true, closedBy: "repeatEnd" };
    return { ...base, type: "gift", name: "Rose", diamonds: 1, count: 5, total: 5, value: index % 400, streak };
  }
  const text = `message ${index} of a room in which everybody talks at once, ${"and on ".repeat(index % 8)}`;
  return { ...base, type: "chat", text };
}
