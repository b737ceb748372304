import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useShared } from "./hooks.ts";
import { EventLog, SHOWN_TYPES } from "./model/event_log.ts";

/** Shortest time between two drawings of what follows the events, ms: as they come, and while many are read. */
const DRAW_MS = 500;
const READ_DRAW_MS = 1_000;

/** The events of a recording. */
export interface Events {
  log: EventLog;
  /** Grows with the log. */
  version: number;
  /** Whether all that there were at the beginning have been read. */
  caughtUp: boolean;
  /** Why they are not reached; `undefined` while they are. */
  error: unknown;
}

/**
 * The events of a recording as they come, to its end. Where the connection broke they go on behind the last one.
 * @param reopened grows when a recording that was over goes on
 * @param expected how many there are, as far as that is known: fewer have not been read to their end
 */
export function useEvents(id: string, expected: number | undefined, reopened: number): Events {
  const { api } = useShared();
  const log = useMemo(() => new EventLog(), [id]);
  const [version, setVersion] = useState(0);
  const [caughtUp, setCaughtUp] = useState(false);
  const [error, setError] = useState<unknown>();
  const goal = useRef(expected);
  goal.current = expected;
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let all = false;
    const draw = () => {
      timer = undefined;
      setVersion((last) => last + 1);
      setCaughtUp(all);
    };
    void api.follow({
      id,
      after: log.after,
      types: SHOWN_TYPES,
      signal: stop.signal,
      onEvents(events, after, finished) {
        const first = log.events === 0;
        log.add(events);
        log.after = after;
        all ||= finished || events.length === 0 || goal.current !== undefined && log.events >= goal.current;
        // Also without events: that these are all is news.
        timer ??= setTimeout(draw, first ? 0 : all ? DRAW_MS : READ_DRAW_MS);
      },
      onState: (connected, why) => setError(connected ? undefined : why),
    });
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [api, id, log, reopened]);
  return { log, version, caughtUp, error };
}
