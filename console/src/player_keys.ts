import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { PlayerControl } from "./parts/player.tsx";

/** Places moved by a key, ms. */
const STEP_MS = 5_000;
/** What has keys of its own. */
const OWN_KEYS =
  "a, button, input, select, textarea, video, dialog, summary, [role=slider], [role=log], [role=toolbar]";

/** Space plays or holds on, the arrows move by five seconds, wherever nothing else takes these keys. */
export function usePlayerKeys(
  control: RefObject<PlayerControl | undefined>,
  mediaMs: number,
  durationMs: number,
): void {
  const place = useRef({ mediaMs, durationMs });
  place.current = { mediaMs, durationMs };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { key, target } = event;
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
      if (target instanceof Element && target.closest(OWN_KEYS) !== null) return;
      const { mediaMs, durationMs } = place.current;
      if (key === " ") control.current?.toggle();
      else if (key === "ArrowLeft") control.current?.seek(Math.max(0, mediaMs - STEP_MS), false);
      else if (key === "ArrowRight") control.current?.seek(Math.min(durationMs, mediaMs + STEP_MS), false);
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [control]);
}
