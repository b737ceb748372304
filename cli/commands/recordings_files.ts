/** Recordings as files: events into a file, and the repair of what a crash left. */
import { AppError, type RecordingReply } from "@roomtone/functions/client";
import { loadConfig, LocalConfig, repairRecording } from "@roomtone/functions/local";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { each, teller } from "../batch.ts";
import { formatBytes, formatDuration, plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import type { System } from "../system.ts";

/** Files of the events of a recording, by format. */
const FILES = { jsonl: "events.jsonl", csv: "events.csv", vtt: "chat.vtt" } as const;

/** Format of exported events. */
export type ExportFormat = keyof typeof FILES;

/** Prints the events as a file, or writes them into one. @param path none for standard output */
export async function exportTo(
  system: System,
  id: string,
  { format, path, quiet }: { format: ExportFormat; path: string | undefined; quiet: boolean },
  io: CliIo,
): Promise<void> {
  const { body: recording } = await system.api.getRecording({ params: { id } }, { signal: io.signal });
  const pieces = piecesOf(system, recording, format, quiet ? () => {} : io.status, io.signal);
  if (path !== undefined) {
    await pipeline(Readable.from(pieces), createWriteStream(path), { signal: io.signal });
    io.err(`written to ${path}`);
    return;
  }
  let rest = "";
  for await (const piece of pieces) {
    const text = rest + piece;
    const end = text.lastIndexOf("\n");
    if (end >= 0) io.out(text.slice(0, end));
    rest = text.slice(end + 1);
  }
  if (rest !== "") io.out(rest);
}

/** The pieces of the file, which may come in several answers. @param tell is told how far it is */
async function* piecesOf(
  system: System,
  { id, totals }: RecordingReply,
  format: ExportFormat,
  tell: (line: string) => void,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const lines = format === "jsonl" && totals !== undefined ? ` of ${totals.events} events` : undefined;
  let [bytes, events] = [0, 0];
  for (let after: string | null = "0"; after !== null;) {
    const target = `/recordings/${encodeURIComponent(id)}/${FILES[format]}?after=${after}`;
    const { body, headers }: Response = await system.open(target, signal);
    const decoder = new TextDecoder();
    for await (const chunk of body ?? new Blob([]).stream()) {
      bytes += chunk.length;
      const text = decoder.decode(chunk, { stream: true });
      events += text.split("\n").length - 1;
      tell(`export: ${formatBytes(bytes)}${lines === undefined ? "" : `, ${events}${lines}`}`);
      yield text;
    }
    yield decoder.decode();
    after = headers.get("x-next-after");
  }
}

/**
 * Closes what a crash left open of recordings of the local system.
 * @throws AppError `invalid_input` for those of a remote one; what went wrong with an only one
 */
export async function repairThem(
  system: System,
  ids: readonly string[],
  { dir, json }: { dir: string | undefined; json: boolean },
  io: CliIo,
): Promise<number> {
  if (!system.local) {
    throw new AppError("invalid_input", "Repair recordings: the API does so by itself", {
      remedy: "Leave out --remote to repair those of a data folder here",
    });
  }
  const config = loadConfig(LocalConfig, { ...io.env, ROOMTONE_DATA_DIR: dir ?? io.env["ROOMTONE_DATA_DIR"] });
  const logger = { info() {}, warn() {}, error() {} };
  return await each(ids, ids.length === 1, io, teller(io, json, "id"), async (id) => {
    const parts = await repairRecording(config, id, { signal: io.signal, logger });
    if (json) return io.out(JSON.stringify({ id, parts }));
    if (parts.length === 0) io.out(`${plain(id)}: nothing was recorded`);
    for (const { folder, manifest } of parts) {
      const { durationMs, segments, bytes } = manifest.totals;
      const how = manifest.recovered ? "repaired" : "was closed already";
      const size = `${formatDuration(durationMs)}, ${segments} segments, ${formatBytes(bytes)}`;
      io.out(plain(`${folder}: ${how}, ${size}`));
    }
  });
}
