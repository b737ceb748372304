import { useEffect, useRef, useState } from "preact/hooks";
import { countText } from "../format.ts";
import type { Tally } from "../model/tally.ts";

/** Viewers, likes, diamonds and messages at the place that is played. */
export function Counters({ tally, wallMs }: { tally: Tally; wallMs: number | undefined }) {
  const { viewers, likes, diamonds, chats } = tally.at(wallMs);
  const counts = [["Viewers", viewers], ["Likes", likes], ["Diamonds", diamonds], ["Messages", chats]] as const;
  return (
    <dl class="counters" aria-label="At the place that is played">
      {counts.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{count === undefined ? "–" : countText(count)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Signs that are seen at once, at most, and that one step of the clock adds. */
const MOST = 8;
const MOST_NEW = 3;
/** A step of the clock that is no jump, ms. */
const STEP_MS = 1_500;

/** Hearts that rise beside the picture while people like; nobody has to see them. */
export function Hearts({ tally, wallMs }: { tally: Tally; wallMs: number | undefined }) {
  const [hearts, setHearts] = useState<readonly number[]>([]);
  const last = useRef({ wallMs, made: 0 });
  useEffect(() => {
    const before = last.current.wallMs;
    last.current.wallMs = wallMs;
    if (wallMs === undefined || before === undefined || wallMs <= before || wallMs - before > STEP_MS) return;
    const count = (tally.at(wallMs).likes ?? 0) - (tally.at(before).likes ?? 0);
    // The room's first number is of all the likes before.
    if (count <= 0 || tally.at(before).likes === undefined) return;
    const fresh = Array.from({ length: Math.min(MOST_NEW, count) }, () => last.current.made++);
    setHearts((shown) => [...shown, ...fresh].slice(-MOST));
  }, [tally, wallMs]);
  return (
    <div class="hearts" aria-hidden="true">
      {hearts.map((heart) => (
        <span
          key={heart}
          class={`heart drift-${heart % 4}`}
          onAnimationEnd={() => setHearts((shown) => shown.filter((each) => each !== heart))}
        >
          ♥
        </span>
      ))}
    </div>
  );
}
