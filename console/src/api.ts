import { type ApiClient, apiClient, AppError } from "@roomtone/functions/client";

/** The API, as the console uses it. */
export interface Api {
  client: ApiClient;
  /** Headers that a request to the API needs; empty on loopback. */
  headers(): Record<string, string>;
  /**
   * Events of a recording as they come, to its end. It asks again where the connection broke, from the place that was
   * read last.
   * @param onState is told whether the connection stands
   */
  follow(request: FollowRequest): Promise<void>;
}

/** An event as the API gives it. */
export type ApiEvent = Record<string, unknown>;

/** What to follow. */
export interface FollowRequest {
  id: string;
  /** Place to begin behind. */
  after: string;
  signal: AbortSignal;
  onEvents(events: ApiEvent[], finished: boolean): void;
  onState?(connected: boolean, error?: unknown): void;
}

/** Events of one answer. */
const PAGE_EVENTS = 1_000;
/** Longest time that the API may hold an answer back while there is nothing new, ms. */
const WAIT_MS = 20_000;
/** Time before the next try when the API is not reached, ms. */
const RETRY_MS = 2_000;

/** @param key of the API; none where it is open */
export function openApi(origin: string, key: string | undefined): Api {
  const client = apiClient({ url: origin, key });
  return {
    client,
    headers: (): Record<string, string> => key === undefined ? {} : { authorization: `Bearer ${key}` },
    async follow({ id, after, signal, onEvents, onState }) {
      for (let place = after; !signal.aborted;) {
        try {
          const query = { after: place, limit: String(PAGE_EVENTS), waitMs: String(WAIT_MS) };
          const { body } = await client.recordingEvents({ params: { id }, query }, { signal });
          onState?.(true);
          if (body === undefined) return;
          place = body.after;
          onEvents(body.events, body.finished);
          if (body.finished) return;
        } catch (error) {
          if (signal.aborted) return;
          onState?.(false, error);
          if (error instanceof AppError && !isPassing(error)) return;
          await slept(error instanceof AppError ? error.retryAfterMs ?? RETRY_MS : RETRY_MS, signal);
        }
      }
    },
  };
}

/** Whether the same request may work later. */
export function isPassing(error: AppError): boolean {
  return ["network", "deadline", "too_many_requests", "rate_limited", "internal"].includes(error.code);
}

/** Waits; an aborted signal ends it. */
export function slept(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
