/**
 * The likes of one live. TikTok's servers disagree on the total for a while, so that it runs backwards at times.
 * @module
 */
import { revised } from "./base.ts";
import type { LikeEvent } from "./types.ts";

/** Books of one live: feed it every like event, and pass on what it gives back. */
export class LikeLedger {
  #total = 0;

  /**
   * Books one like event.
   * @returns the event, with the highest total seen so far when its own is lower
   */
  apply(event: LikeEvent): LikeEvent {
    if (event.total >= this.#total) {
      this.#total = event.total;
      return event;
    }
    return revised(event, { total: this.#total });
  }
}
