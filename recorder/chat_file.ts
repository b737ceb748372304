/**
 * `chat.vtt`: the chat as subtitles beside the video, made from the events when a recording is closed.
 * @module
 */
import { chatCues, mediaClock, VTT_HEAD } from "@roomtone/sdk/media";
import { createReadStream } from "node:fs";
import { access, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** File name of the subtitles. */
export const CHAT = "chat.vtt";

/** Writes the file, where there are events: whole or not at all. @param events name of their file */
export async function writeChat(
  folder: string,
  events: string,
  segments: readonly { startAt: number; durationMs: number }[],
): Promise<void> {
  const source = join(folder, events);
  if (!await access(source).then(() => true, () => false)) return;
  await writeFile(join(folder, `${CHAT}.tmp`), subtitles(source, segments));
  await rename(join(folder, `${CHAT}.tmp`), join(folder, CHAT));
}

async function* subtitles(source: string, segments: Parameters<typeof mediaClock>[0]): AsyncGenerator<string> {
  const cue = chatCues(mediaClock(segments));
  yield VTT_HEAD;
  for await (const line of createInterface({ input: createReadStream(source), crlfDelay: Infinity })) {
    const text = line.includes('"chat"') ? cue(parsed(line)) : "";
    if (text !== "") yield text;
  }
}

/** A crash may have cut the last line short. */
function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
