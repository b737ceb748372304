import { type EventsDeps, type EventsRequest, waitForEvents } from "../core/recording_events.ts";

/** Time without an event after which a comment tells that the connection lives, ms. */
const ALIVE_MS = 15_000;
/** Time after which a client that lost the connection is to come back, ms. */
const RETRY_MS = 2_000;

/**
 * Events of a recording as server-sent events: one unnamed event each, whose id is the place behind it, and one named
 * `finished` at the end. Batches are read as the client takes them; a client that goes away ends the reading.
 * @param gone aborts when the client goes away
 * @returns 204 to a client that comes back and has everything: it is then to stay away
 * @throws AppError `not_found`
 */
export async function eventStream(
  deps: EventsDeps,
  recordingId: string,
  request: EventsRequest,
  { comesBack, gone }: { comesBack: boolean; gone: AbortSignal },
): Promise<Response> {
  let page = await waitForEvents(deps, recordingId, request, 0, gone);
  if (comesBack && page.finished && page.events.length === 0) return new Response(null, { status: 204 });
  const cancelled = new AbortController();
  const signal = AbortSignal.any([gone, cancelled.signal]);
  const encoder = new TextEncoder();
  let text = `retry: ${RETRY_MS}\n\n${pageText(page)}`;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (text === "") {
        page = await waitForEvents(deps, recordingId, { ...request, after: page.after }, ALIVE_MS, signal);
        if (signal.aborted) return controller.close();
        text = pageText(page) || ": alive\n\n";
      }
      controller.enqueue(encoder.encode(text));
      text = "";
      if (page.finished) controller.close();
    },
    cancel: () => cancelled.abort(),
  }, { highWaterMark: 0 });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

function pageText({ events, after, finished }: Awaited<ReturnType<typeof waitForEvents>>): string {
  const texts = events.map(({ event, place }) => `id: ${place}\ndata: ${JSON.stringify(event)}\n\n`);
  if (finished) texts.push(`id: ${after}\nevent: finished\ndata: ${JSON.stringify({ after })}\n\n`);
  return texts.join("");
}
