/**
 * Files of captured messages: one JSON object a line, with `method` and base64 `payload`.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { CapturedMessage } from "./live_feed.ts";

/**
 * Reads a captures file.
 * @throws TypeError that names the line which is no message
 */
export async function readCaptures(path: string): Promise<CapturedMessage[]> {
  const lines = (await readFile(path, "utf8")).split("\n");
  const messages: CapturedMessage[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const value = JSON.parse(line) as { method?: unknown; payload?: unknown };
    if (typeof value.method !== "string" || typeof value.payload !== "string") {
      throw new TypeError(`Cannot read the captures file: line ${index + 1} has no method and payload`);
    }
    messages.push({ method: value.method, payload: new Uint8Array(Buffer.from(value.payload, "base64")) });
  }
  return messages;
}
