import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { clockText, countText } from "../format.ts";
import { type Line, linesUntil } from "../model/event_log.ts";

/** Height of a line, px; style.css has the same. */
const LINE_PX = 58;
/** Lines beyond what is seen, on both sides. */
const SPARE = 8;
const DID: Record<Line["kind"], string> = {
  chat: "",
  gift: "gave",
  follow: "follows the host",
  share: "shared the live",
  subscribe: "subscribed",
};

/** What the list shows. */
export interface ChatListProps {
  lines: readonly Line[];
  /** Number of lines, given apart: the list itself is always the same one. */
  count: number;
  /** Time up to which lines have been said, ms; `undefined` follows the newest. */
  nowMs: number | undefined;
  label: string;
  /** Time of a line on the recording's clock, ms. */
  placeOf(atMs: number): number;
  onPick(line: Line): void;
}

/** Lines of chat and gifts, of which only those in sight are in the page. It follows the time until somebody scrolls. */
export function ChatList({ lines, count, nowMs, label, placeOf, onPick }: ChatListProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(0);
  const [follows, setFollows] = useState(true);
  const said = nowMs === undefined ? count : linesUntil(lines, nowMs);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = new ResizeObserver(() => setHeight(element.clientHeight));
    measure.observe(element);
    return () => measure.disconnect();
  }, []);
  const target = Math.max(0, said * LINE_PX - height);
  useEffect(() => {
    if (follows && box.current !== null) box.current.scrollTop = target;
  }, [follows, target, height]);

  const first = Math.max(0, Math.floor(top / LINE_PX) - SPARE);
  const last = Math.min(count, Math.ceil((top + height) / LINE_PX) + SPARE);
  const leave = () => setFollows(false);
  return (
    <div class="chat">
      <div
        ref={box}
        class="chat-box"
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={label}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onWheel={leave}
        onTouchMove={leave}
        onKeyDown={(event) => {
          if (["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"].includes(event.key)) leave();
        }}
      >
        <div class="chat-all" style={{ height: `${count * LINE_PX}px` }}>
          <ul style={{ transform: `translateY(${first * LINE_PX}px)` }}>
            {lines.slice(first, last).map((line, index) => (
              <ChatLine
                key={first + index}
                line={line}
                placeMs={placeOf(line.atMs)}
                toCome={first + index >= said}
                onPick={onPick}
              />
            ))}
          </ul>
        </div>
      </div>
      {!follows && <button type="button" class="follow" onClick={() => setFollows(true)}>Follow again</button>}
      {count === 0 && <p class="quiet-text">Nothing yet.</p>}
    </div>
  );
}

function ChatLine(props: { line: Line; placeMs: number; toCome: boolean; onPick(line: Line): void }) {
  const { line: { kind, person, text, diamonds }, placeMs, toCome } = props;
  const name = person.nickname || person.username || "somebody";
  const said = kind === "chat" ? text : [DID[kind], text].filter((part) => part !== "").join(" ");
  return (
    <li class={toCome ? `${kind} to-come` : kind}>
      <button type="button" class="time" onClick={() => props.onPick(props.line)}>{clockText(placeMs)}</button>
      <span class="words" title={said}>
        <b>{name}</b> {said}
        {diamonds > 0 && <span class="diamonds">{` ${countText(diamonds)} 💎`}</span>}
      </span>
    </li>
  );
}
