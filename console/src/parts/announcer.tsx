import { useEffect, useRef, useState } from "preact/hooks";

/** Shortest time between two announcements, ms. */
const PAUSE_MS = 10_000;

/** Something to be read out. */
export interface News {
  /** The same for as long as it is the same thing; its text may change. */
  key: string;
  text: string;
}

/**
 * Reads out to screen readers what a person who looks at the page would notice: gaps, great gifts, battles. Whatever
 * comes within ten seconds is one announcement, and chat is none: it stands in its list.
 * @param news what is known by now, the newest last; what is there at first was there before
 */
export function Announcer({ news }: { news: readonly News[] }) {
  const [text, setText] = useState("");
  const told = useRef(new Set(news.map(({ key }) => key)));
  const waiting = useRef<string[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const lastMs = useRef(0);
  useEffect(() => {
    for (const { key, text } of news) {
      if (!told.current.has(key)) waiting.current.push(text);
      told.current.add(key);
    }
    if (waiting.current.length === 0 || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      const all = waiting.current.splice(0);
      timer.current = undefined;
      lastMs.current = Date.now();
      setText(all.length > 3 ? `${all.slice(-2).join(". ")}, and ${all.length - 2} more` : all.join(". "));
    }, Math.max(0, lastMs.current + PAUSE_MS - Date.now()));
  }, [news]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return <div class="hidden announcer" role="status">{text === "" ? null : text}</div>;
}
