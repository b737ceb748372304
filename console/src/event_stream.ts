import { EventSourceParserStream } from "eventsource-parser/stream";

/** Longest event, characters. */
const MOST_CHARACTERS = 1024 * 1024;

/** A server shows each 15 s that it is there. Behind this time without a sign the connection is gone, ms. */
const MOST_QUIET_MS = 45_000;

/** An event of a stream. */
export interface StreamedEvent {
  /** The place behind it. */
  after: string;
  /** `undefined` at the end of the recording. */
  event: Record<string, unknown> | undefined;
}

/**
 * Events of a recording as its server sends them. An `EventSource` could not send a key.
 * @param query as the pages of events take it
 * @returns the events, until the server or the recording ends them; `undefined` where the server has pages alone
 */
export async function openEventStream(
  id: string,
  query: Record<string, string>,
  { headers, signal }: { headers: Record<string, string>; signal: AbortSignal },
): Promise<AsyncIterable<StreamedEvent> | undefined> {
  const path = `/recordings/${encodeURIComponent(id)}/events?${new URLSearchParams(query)}`;
  const quiet = new AbortController();
  const either = AbortSignal.any([signal, quiet.signal]);
  const response = await fetch(path, { headers: { ...headers, accept: "text/event-stream" }, signal: either });
  if (response.body === null || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    return undefined;
  }
  return read(response.body, () => quiet.abort());
}

async function* read(body: ReadableStream<Uint8Array<ArrayBuffer>>, giveUp: () => void): AsyncGenerator<StreamedEvent> {
  let timer = setTimeout(giveUp, MOST_QUIET_MS);
  const heard = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(bytes, controller) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, MOST_QUIET_MS);
      controller.enqueue(bytes);
    },
  });
  const reader = body.pipeThrough(heard)
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: MOST_CHARACTERS }))
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const event: unknown = JSON.parse(value.data);
      const isEvent = value.event === undefined && typeof event === "object" && event !== null;
      yield { after: value.id ?? "", event: isEvent ? { ...event } : undefined };
    }
  } finally {
    clearTimeout(timer);
    // How the connection ends does not matter.
    await reader.cancel().catch(() => undefined);
  }
}
