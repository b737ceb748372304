import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import { type Api, slept } from "./api.ts";

/** What all pages share. */
export interface Shared {
  api: Api;
  /** Shows what went wrong with something that the user asked for. */
  complain(error: unknown): void;
  /** Says that something was done. */
  tell(text: string): void;
}

export const SharedContext = createContext<Shared | undefined>(undefined);

/** What all pages share. */
export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (shared === undefined) throw new Error("Read the shared parts: the page stands outside of the console");
  return shared;
}

/** Something that is read again and again. */
export interface Resource<T> {
  /** The newest answer; it stays when a later one fails. */
  value: T | undefined;
  /** Why the last try gave no answer. */
  error: unknown;
  /** Reads it now. */
  refresh(): void;
}

/**
 * Reads something at once, then at an interval while the page is seen, and whenever `keys` change.
 * @param everyMs 0 to read it once
 */
export function useResource<T>(
  read: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  keys: readonly unknown[] = [],
): Resource<T> {
  const [state, setState] = useState<{ value: T | undefined; error: unknown }>({ value: undefined, error: undefined });
  const [turn, setTurn] = useState(0);
  const reader = useRef(read);
  reader.current = read;
  useEffect(() => {
    const stop = new AbortController();
    const loop = async () => {
      do {
        try {
          if (!document.hidden || everyMs === 0) {
            const value = await reader.current(stop.signal);
            if (!stop.signal.aborted) setState({ value, error: undefined });
          }
        } catch (error) {
          if (!stop.signal.aborted) setState((last) => ({ ...last, error }));
        }
        if (everyMs === 0) return;
        await slept(everyMs, stop.signal);
      } while (!stop.signal.aborted);
    };
    void loop();
    return () => stop.abort();
  }, [turn, everyMs, ...keys]);
  const refresh = useCallback(() => setTurn((last) => last + 1), []);
  return { ...state, refresh };
}

/** The time, ms, anew each second. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
