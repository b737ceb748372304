import { AppError } from "../contract/errors.ts";

/** Largest body that is read, bytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * The JSON body of a request.
 * @throws AppError `unsupported_media_type`, `body_too_large`, or `invalid_input` for what is not JSON
 */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new AppError("unsupported_media_type", `Read the body: its type is ${type ?? "not told"}`, {
      remedy: "Send JSON with the header content-type: application/json",
    });
  }
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BYTES) throw tooLarge();
  const text = await readText(request.body);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const parameters = [{ name: "body", detail: "must be JSON" }];
    throw new AppError("invalid_input", "Read the body: it is not JSON", {
      remedy: "Correct the body and ask again",
      parameters,
      cause,
    });
  }
}

async function readText(body: ReadableStream<Uint8Array> | null): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw tooLarge();
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function tooLarge(): AppError {
  return new AppError("body_too_large", `Read the body: it is larger than ${MAX_BYTES / 1024} KiB`, {
    remedy: "Send it in several requests",
  });
}
