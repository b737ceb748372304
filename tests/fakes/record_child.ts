/**
 * A recorder as a process of its own, to be killed: `record_child.ts BASE_URLS_JSON DIR NAME FFMPEG`. It prints one
 * line of JSON for each segment, and one with the folder when it has begun.
 * @module
 */
import process from "node:process";
import { record } from "@roomtone/recorder";
import { TikTok } from "@roomtone/sdk";

const [baseUrls = "{}", dir = "", name = "", ffmpegPath = ""] = process.argv.slice(2);
const recording = record(name, {
  tiktok: new TikTok({ baseUrls: JSON.parse(baseUrls) }),
  dir,
  segmentMs: 2000,
  ...(ffmpegPath === "" ? {} : { ffmpegPath }),
});
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
recording.on("started", ({ folder }) => say({ folder }));
recording.on("segment", ({ index }) => say({ index }));
await recording.done;
