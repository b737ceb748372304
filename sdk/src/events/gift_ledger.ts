/**
 * The books of gift streaks. TikTok sends running totals; the ledger says what each message adds, so that the sum of
 * `count` over a streak is exactly its highest total, whatever was repeated, lost, reordered or replayed.
 * @module
 */
import { revised } from "./base.ts";
import type { GiftEvent } from "./types.ts";

/** Options of {@link GiftLedger}. */
export interface GiftLedgerOptions {
  /** Silence after which an open streak counts as over, ms. @default 60000 */
  timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/** How long a closed streak is remembered, ms: repeats of its last message come late after a reconnect. */
const REMEMBER_MS = 600_000;

/** Gifts whose facts are remembered; TikTok's list has about 700. */
const MAX_GIFTS = 5000;

interface Streak {
  /** Highest total seen. */
  total: number;
  /** When its newest message arrived, ms. */
  seenAt: number;
  closedBy: GiftEvent["streak"]["closedBy"];
  /** That message, while the streak is open: it holds its bytes. */
  last: GiftEvent | undefined;
}

/** What a gift message leaves out when an earlier one said it. */
type GiftFacts = Pick<GiftEvent, "name" | "describe" | "giftType" | "imageUrl" | "diamonds">;

/**
 * Books of one live: feed it every gift event in the order of arrival, and pass on what it gives back. A streak is one
 * user and one group id; a user may run several at once. Its state is its own: it reads no clock.
 *
 * @example
 * ```ts
 * import { decodeMessage, GiftLedger } from "@roomtone/sdk";
 * import { encodeMessage } from "@roomtone/sdk/testing";
 * const ledger = new GiftLedger();
 * for (const repeatCount of [2, 5]) {
 *   const fields = { giftId: "5655", groupId: "9", repeatCount, gift: { type: 1, diamondCount: 1 }, user: { id: "7" } };
 *   const event = decodeMessage("WebcastGiftMessage", encodeMessage("WebcastGiftMessage", fields));
 *   if (event.type === "gift") console.log(ledger.apply(event).count); // 2, then 3: what each message adds
 * }
 * for (const closing of ledger.expire(Date.now() + 120_000)) console.log(closing.streak.closedBy); // "timeout"
 * ```
 */
export class GiftLedger {
  readonly #timeoutMs: number;
  /** By user and group, the longest silent first. */
  readonly #streaks = new Map<string, Streak>();
  readonly #gifts = new Map<string, GiftFacts>();

  /**
   * Makes a ledger without a streak.
   * @param options how long a streak may be silent
   * @throws {RangeError} when `timeoutMs` is not above 0
   */
  constructor(options: GiftLedgerOptions = {}) {
    const { timeoutMs = TIMEOUT_MS } = options;
    if (!(timeoutMs > 0)) {
      throw new RangeError(`Cannot create the gift ledger: timeoutMs must be above 0, is ${timeoutMs}`);
    }
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Books one gift event.
   * @param event as {@link decodeMessage} gives it: `total` is TikTok's running total
   * @returns the same event with exact `count`, `total`, `value` and `streak`, and with the gift's name and price from
   * an earlier message where its own left them out
   */
  apply(event: GiftEvent): GiftEvent {
    const facts = this.#factsOf(event);
    const { streak: { id }, total } = event;
    if (event.streak.closedBy === "single") return revised(event, { ...facts, value: facts.diamonds * event.count });

    const key = id === "" ? `${event.user.id} gift ${event.giftId}` : `${event.user.id} group ${id}`;
    const known = this.#streaks.get(key);
    // Without a group id only the totals tell one streak from the next.
    const streak = known === undefined || (id === "" && (known.closedBy !== undefined || total < known.total))
      ? { total: 0, closedBy: undefined }
      : known;
    const count = Math.max(0, total - streak.total);
    // A streak that went on after its time-out is open again; one that TikTok ended stays ended.
    const closedBy = event.streak.closedBy ??
      (streak.closedBy === "timeout" && count > 0 ? undefined : streak.closedBy);
    const exact = revised(event, {
      ...facts,
      count,
      total: streak.total + count,
      value: facts.diamonds * count,
      streak: { id, ended: closedBy !== undefined, closedBy },
    });
    this.#streaks.delete(key);
    const last = closedBy === undefined ? exact : undefined;
    this.#streaks.set(key, { total: exact.total, seenAt: event.receivedAt, closedBy, last });
    return exact;
  }

  /**
   * Closes the streaks that were silent for too long, and forgets those closed long ago. Call it now and then.
   * @param nowMs the time, on the clock of `receivedAt`
   * @returns one event without id for each streak closed: `count` 0, `closedBy` `"timeout"`
   */
  expire(nowMs: number): GiftEvent[] {
    const closings: GiftEvent[] = [];
    for (const [key, streak] of this.#streaks) {
      const silentMs = nowMs - streak.seenAt;
      if (silentMs < this.#timeoutMs) break;
      if (streak.last !== undefined) closings.push(close(streak, streak.last, nowMs));
      else if (silentMs >= REMEMBER_MS) this.#streaks.delete(key);
    }
    return closings;
  }

  #factsOf(event: GiftEvent): GiftFacts {
    const { giftId, name, describe, giftType, imageUrl, diamonds } = event;
    const told = giftType !== 0 || diamonds !== 0 || name !== "";
    if (!told) return this.#gifts.get(giftId) ?? { name, describe, giftType, imageUrl, diamonds };
    const facts = { name, describe, giftType, imageUrl, diamonds };
    if (this.#gifts.size < MAX_GIFTS) this.#gifts.set(giftId, facts);
    return facts;
  }
}

/** Marks a streak as timed out, and makes the event that says so. */
function close(streak: Streak, last: GiftEvent, nowMs: number): GiftEvent {
  streak.closedBy = "timeout";
  streak.last = undefined;
  return revised(last, {
    id: "",
    at: nowMs,
    receivedAt: nowMs,
    count: 0,
    value: 0,
    streak: { id: last.streak.id, ended: true, closedBy: "timeout" },
  });
}
