/**
 * A recorder as a process of its own, to be killed: `record_child.ts BASE_URLS_JSON DIR NAMES FFMPEG ENGINE`, the names
 * with commas in between. It prints one line of JSON for each segment, and one with the folder of each that has begun.
 * @module
 */
import process from "node:process";
import { record } from "@roomtone/recorder";
import { TikTok } from "@roomtone/sdk";

const [baseUrls = "{}", dir = "", names = "", ffmpegPath = "", engine = ""] = process.argv.slice(2);
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const tiktok = new TikTok({ baseUrls: JSON.parse(baseUrls) });
await Promise.all(
  names.split(",").map(async (name) => {
    const recording = record(name, {
      tiktok,
      dir,
      segmentMs: 2000,
      ...(ffmpegPath === "" ? {} : { ffmpegPath }),
      // A test that kills ffmpeg knows of one only: that which writes.
      ...(engine === "inprocess"
        ? { engine, preferences: { qualities: ["ld"] } }
        : { engine: "ffmpeg", thumbnailEveryMs: 0 }),
    });
    recording.on("started", ({ folder }) => say({ folder, name }));
    recording.on("segment", ({ index }) => say({ index, name }));
    await recording.done;
  }),
);
