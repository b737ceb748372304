/**
 * Changes of state on their own, for a loop beside the one that reads the events.
 * @module
 */
import type { StateEvent } from "../events/types.ts";
import type { Live } from "./live.ts";

/** Changes kept for a slow loop: weeks of reconnects. */
const MAX_WAITING = 1000;

/** The changes from now on; it listens from the call on, and ends with the live. */
export function statesOf(live: Pick<Live, "on" | "done">): AsyncGenerator<StateEvent, void> {
  const waiting: StateEvent[] = [];
  let over = false;
  let wake = () => {};
  const off = live.on("state", (event) => {
    waiting.push(event);
    if (waiting.length > MAX_WAITING) waiting.shift();
    wake();
  });
  const end = () => {
    over = true;
    off();
    wake();
  };
  live.done.then(end, end);
  return (async function* () {
    try {
      for (;;) {
        for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) yield event;
        if (over) return;
        await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      off();
    }
  })();
}
