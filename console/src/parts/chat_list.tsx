import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { clockText, countText } from "../format.ts";
import { countUntil, type Line, piecesOf } from "../model/event_log.ts";

/** Height of a line, px; style.css has the same. */
const LINE_PX = 58;
/** Lines beyond what is seen, on both sides. */
const SPARE = 8;
/** Greatest height that all browsers draw, px; longer lists are scrolled in larger steps. */
const MOST_PX = 8_000_000;
const NO_WORDS: readonly string[] = [];
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
  /** Words that are marked. */
  words?: readonly string[];
  /** Place of the line that is looked at; the list shows it instead of the newest. */
  picked?: number | undefined;
  /** Time of a line on the recording's clock, ms. */
  placeOf(atMs: number): number;
  onPick(line: Line): void;
}

/** Lines of chat and gifts, of which only those in sight are in the page. It follows the time until somebody scrolls. */
export function ChatList(props: ChatListProps) {
  const { lines, count, nowMs, label, words = NO_WORDS, picked, placeOf, onPick } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(0);
  const [follows, setFollows] = useState(true);
  /** Whether somebody has scrolled by now, also where that is not drawn yet. */
  const left = useRef(false);
  left.current = !follows;
  const said = nowMs === undefined ? count : countUntil(lines, nowMs);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = new ResizeObserver(() => setHeight(element.clientHeight));
    measure.observe(element);
    return () => measure.disconnect();
  }, []);
  const wholePx = Math.min(MOST_PX, count * LINE_PX);
  /** Pixels of the list for one that is scrolled. */
  const scale = wholePx <= height ? 1 : (count * LINE_PX - height) / (wholePx - height);
  const shown = picked === undefined ? said : picked + Math.ceil(height / LINE_PX / 2);
  const target = Math.max(0, shown * LINE_PX - height) / scale;
  useEffect(() => {
    if (follows && !left.current && box.current !== null) box.current.scrollTop = target;
  }, [follows, target, height]);
  useEffect(() => {
    if (picked !== undefined) setFollows(true);
  }, [picked]);

  const atPx = top * scale;
  const first = Math.max(0, Math.floor(atPx / LINE_PX) - SPARE);
  const last = Math.min(count, Math.ceil((atPx + height) / LINE_PX) + SPARE);
  const leave = () => {
    left.current = true;
    setFollows(false);
  };
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
          if (event.key === "ArrowUp") walk(event, -1);
          if (event.key === "ArrowDown") walk(event, 1);
        }}
      >
        <div class="chat-all" style={{ height: `${wholePx}px` }}>
          <ul style={{ transform: `translateY(${first * LINE_PX - atPx + top}px)` }}>
            {lines.slice(first, last).map((line, index) => (
              <ChatLine
                key={first + index}
                line={line}
                placeMs={placeOf(line.atMs)}
                toCome={first + index >= said}
                words={words}
                picked={first + index === picked}
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

/** Leads to the next line in sight, from the list itself to the first one; each can then be pressed. */
function walk(event: KeyboardEvent, by: 1 | -1): void {
  const box = event.currentTarget as HTMLElement;
  const lines = [...box.querySelectorAll<HTMLElement>("li .time")];
  const at = lines.findIndex((line) => line === document.activeElement);
  const { top, bottom } = box.getBoundingClientRect();
  const inSight = lines.filter((line) => {
    const place = line.getBoundingClientRect();
    return place.top >= top && place.bottom <= bottom;
  });
  const next = at >= 0 ? lines[at + by] : by > 0 ? inSight[0] : inSight.at(-1);
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

interface ChatLineProps {
  line: Line;
  placeMs: number;
  toCome: boolean;
  words: readonly string[];
  picked: boolean;
  onPick(line: Line): void;
}

function ChatLine({ line, placeMs, toCome, words, picked, onPick }: ChatLineProps) {
  const { kind, person, text, diamonds } = line;
  const name = person.nickname || person.username || "somebody";
  const said = kind === "chat" ? text : [DID[kind], text].filter((part) => part !== "").join(" ");
  return (
    <li class={toCome ? `${kind} to-come` : kind} aria-current={picked ? "true" : undefined}>
      <button type="button" class="time" tabIndex={-1} onClick={() => onPick(line)}>{clockText(placeMs)}</button>
      <span class="words" title={said}>
        <b>{marked(name, words)}</b> {marked(said, words)}
        {diamonds > 0 && <span class="diamonds">{` ${countText(diamonds)} 💎`}</span>}
      </span>
    </li>
  );
}

/** A text with the words that were searched for. */
function marked(text: string, words: readonly string[]) {
  if (words.length === 0) return text;
  return piecesOf(text, words).map(({ text, hit }, index) => hit ? <mark key={index}>{text}</mark> : text);
}
