import type { LiveEvent } from "@roomtone/sdk";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { EventSpool } from "../../ports/event_spool.ts";
import type { EventLine } from "../../ports/recorder.ts";

/** File of a recording's events, in each part's folder. */
const EVENTS = "events.jsonl";

/** An event as the log takes it. @param json the event, where it is at hand as text */
export function toLine(event: LiveEvent, json: string = JSON.stringify(event)): EventLine {
  const diamonds = event.type === "gift" ? event.value : 0;
  return { type: event.type, id: event.id, at: event.at, diamonds, json };
}

/**
 * The events that recorders write beside the video.
 * @param dir folder that holds the folders of all recordings
 */
export function eventFiles(dir: string): EventSpool {
  return {
    async *read(folder, from) {
      const input = createReadStream(join(dir, folder, EVENTS));
      let line = 0;
      try {
        for await (const json of createInterface({ input, crlfDelay: Infinity })) {
          if (line++ < from) continue;
          const event = parsed(json);
          // The last line of a file that is being written, or was cut short.
          if (event === undefined) return;
          yield toLine(event, json);
        }
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
      } finally {
        input.destroy();
      }
    },
  };
}

/** These are the recorder's own lines: what is whole JSON is an event. */
function parsed(json: string): LiveEvent | undefined {
  try {
    return JSON.parse(json) as LiveEvent;
  } catch {
    return undefined;
  }
}
