import type { ExportFormat, ExportPiece } from "../core/export_events.ts";

const MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  jsonl: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  vtt: "text/vtt; charset=utf-8",
};
/** Tells the place to go on from, where an answer does not hold everything. */
export const NEXT_AFTER = "x-next-after";
/** Most characters of an answer that is sent whole: Lambda's may have 6 MB, and a character takes up to 3 bytes. */
const MOST_CHARACTERS = 1_000_000;
/** Characters that are sent together. */
const CHUNK_CHARACTERS = 64 * 1024;

/** An export, sent as it is read. */
export async function exportStream(
  pieces: AsyncGenerator<ExportPiece>,
  format: ExportFormat,
  fileName: string,
): Promise<Response> {
  const encoder = new TextEncoder();
  const read = async () => {
    let text = "";
    for (;;) {
      const { done, value } = await pieces.next();
      text += value?.text ?? "";
      if (done || text.length >= CHUNK_CHARACTERS) return { text, done };
    }
  };
  // What cannot be read at all is a failure with its own status.
  let next: Awaited<ReturnType<typeof read>> | undefined = await read();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { text, done } = next ?? await read();
      next = undefined;
      if (text !== "") controller.enqueue(encoder.encode(text));
      if (done) controller.close();
    },
    cancel: () => pieces.return(undefined).then(() => undefined),
  }, { highWaterMark: 0 });
  return new Response(body, { headers: headersOf(format, fileName) });
}

/** As much of an export as one answer may hold. */
export async function exportPage(
  pieces: AsyncGenerator<ExportPiece>,
  format: ExportFormat,
  fileName: string,
): Promise<Response> {
  let text = "";
  let after = "0";
  for await (const piece of pieces) {
    if (after !== "0" && text.length + piece.text.length > MOST_CHARACTERS) {
      return new Response(text, { headers: { ...headersOf(format, fileName), [NEXT_AFTER]: after } });
    }
    text += piece.text;
    ({ after } = piece);
  }
  return new Response(text, { headers: headersOf(format, fileName) });
}

function headersOf(format: ExportFormat, fileName: string): Record<string, string> {
  return {
    "content-type": MEDIA_TYPES[format],
    "content-disposition": `attachment; filename="${fileName}"`,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
}
