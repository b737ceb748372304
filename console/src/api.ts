import { type ApiClient, apiClient, AppError } from "@roomtone/functions/client";
import { openEventStream } from "./event_stream.ts";

/** The API, as the console uses it. */
export interface Api {
  client: ApiClient;
  /** Headers that a request to the API needs; empty on loopback. */
  headers(): Record<string, string>;
  /**
   * The newest thumbnail of a recording, as an address for `<img src>`: an image element sends no key of its own. Who
   * shows it gives the address back with `URL.revokeObjectURL()`.
   * @returns `undefined` when there is none yet
   */
  thumbnail(recordingId: string, signal: AbortSignal): Promise<string | undefined>;
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
  /** Types of events that are wanted. */
  types: readonly string[];
  signal: AbortSignal;
  /** @param after the place behind them */
  onEvents(events: ApiEvent[], after: string, finished: boolean): void;
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
  const headers = (): Record<string, string> => key === undefined ? {} : { authorization: `Bearer ${key}` };
  return {
    client,
    headers,
    async thumbnail(recordingId, signal) {
      const path = `/recordings/${encodeURIComponent(recordingId)}/thumbnail.jpg`;
      // A redirect leads to the signed address of the file; the browser keeps the key from other origins.
      const response = await fetch(path, { headers: headers(), signal });
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`Read the thumbnail: the server answers with status ${response.status}`);
      return URL.createObjectURL(await response.blob());
    },
    async follow({ id, after, types, signal, onEvents, onState }) {
      let place = after;
      let streams = true;
      /** @returns whether the recording is over */
      const readPage = async (waitMs: number) => {
        const query = { after: place, types: types.join(","), limit: String(PAGE_EVENTS), waitMs: String(waitMs) };
        const { body } = await client.recordingEvents({ params: { id }, query }, { signal });
        onState?.(true);
        if (body === undefined) return true;
        place = body.after;
        onEvents(body.events, body.after, body.finished);
        return body.finished ? true : body.events.length === 0 && streams && await readStream();
      };
      const readStream = async () => {
        const query = { after: place, types: types.join(",") };
        const stream = await openEventStream(id, query, { headers: headers(), signal });
        streams = stream !== undefined;
        const began = place;
        for await (const { after, event } of stream ?? []) {
          place = after;
          onEvents(event === undefined ? [] : [event], after, event === undefined);
          if (event === undefined) return true;
        }
        if (streams && place === began) await slept(RETRY_MS, signal);
        return false;
      };
      while (!signal.aborted) {
        try {
          // Pages bring what is stored, many at once; a stream brings what comes, where the server has one.
          if (await readPage(streams ? 0 : WAIT_MS)) return;
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
