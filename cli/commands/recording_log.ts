import type { RecordingLogReply } from "@roomtone/functions/client";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import type { System } from "../system.ts";

type Line = RecordingLogReply["lines"][number];

/** Lines of one answer. */
const PAGE_LINES = "1000";

/** Prints what the system logged about a recording. @param json one JSON object a line, as the API answers it */
export async function printLog({ api }: System, id: string, json: boolean, io: CliIo): Promise<void> {
  let count = 0;
  for (let after = "", more = true; more;) {
    const query = { after, limit: PAGE_LINES };
    const { body } = await api.recordingLog({ params: { id }, query }, { signal: io.signal });
    for (const line of body.lines) io.out(json ? JSON.stringify(line) : plain(lineOf(line)));
    count += body.lines.length;
    more = body.lines.length > 0;
    after = body.after;
  }
  if (count === 0 && !json) io.err("nothing was logged about it");
}

function lineOf({ at, level, event, fields }: Line): string {
  const told = Object.entries(fields).map(([name, value]) =>
    `${name}=${typeof value === "string" && /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value)}`
  );
  return [new Date(at).toISOString(), level.padEnd(5), event, ...told].join(" ");
}
