import { useCallback, useMemo, useState } from "preact/hooks";
import { countText } from "../format.ts";
import { countUntil, type EventLog, type Line, search, wordsOf } from "../model/event_log.ts";
import { ChatList } from "./chat_list.tsx";

/** What the panel shows. */
export interface ChatPanelProps {
  log: EventLog;
  /** Grows with the log. */
  version: number;
  /** Time up to which lines have been said, ms; `undefined` follows the newest. */
  nowMs: number | undefined;
  /** Time of a line on the recording's clock, ms. */
  placeOf(atMs: number): number;
  onPick(line: Line): void;
}

/** Chat and gifts, and a search in them whose hits are walked through. */
export function ChatPanel({ log, version, nowMs, placeOf, onPick }: ChatPanelProps) {
  const [text, setText] = useState("");
  /** The hit that is looked at: the line itself, whose place changes while lines come. */
  const [picked, setPicked] = useState<Line>();
  const words = useMemo(() => wordsOf(text), [text]);
  const found = useMemo(() => search(log.lines, text), [log, text, version]);
  const at = useMemo(() => picked === undefined ? -1 : found.indexOf(picked), [found, picked]);

  const pick = useCallback((line: Line) => {
    setPicked(line);
    onPick(line);
  }, [onPick]);
  /** The next hit, or the one before; the first one is the next from what is played. */
  const step = (by: 1 | -1) => {
    const played = nowMs === undefined ? 0 : countUntil(found, nowMs) - (by < 0 ? 0 : 1);
    const line = found[((at < 0 ? played : at) + by + found.length) % found.length];
    if (line !== undefined) pick(line);
  };
  return (
    <section class="side" aria-labelledby="chat-title">
      <h2 id="chat-title">Chat and gifts</h2>
      <search class="row">
        <label class="grow">
          Search{" "}
          <input
            type="search"
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setPicked(undefined);
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
            }}
          />
        </label>
        {words.length > 0 && (
          <>
            <button type="button" class="quiet" disabled={found.length === 0} onClick={() => step(-1)}>Previous</button>
            <button type="button" class="quiet" disabled={found.length === 0} onClick={() => step(1)}>Next</button>
          </>
        )}
      </search>
      {words.length === 0
        ? (
          <ChatList
            key="all"
            label="Chat"
            lines={log.lines}
            count={log.lines.length}
            nowMs={nowMs}
            placeOf={placeOf}
            onPick={onPick}
          />
        )
        : (
          <>
            <p role="status">
              {countText(found.length)} found{at >= 0 && `, this is number ${countText(at + 1)}`}
            </p>
            <ChatList
              key="found"
              label="Found in the chat"
              lines={found}
              count={found.length}
              nowMs={nowMs}
              words={words}
              picked={at < 0 ? undefined : at}
              placeOf={placeOf}
              onPick={pick}
            />
          </>
        )}
    </section>
  );
}
