// Waits until a host goes live and records the whole live, with one MP4 at its end: bun record_until_end.ts some.host
// deno-lint-ignore-file no-console
import process from "node:process";
import { record } from "@roomtone/recorder";
import { TikTok } from "@roomtone/sdk";

const [name = "some.host", dir = "recordings"] = process.argv.slice(2);
const tiktok = new TikTok();
await tiktok.waitUntilLive(name, { intervalMs: 60_000 });

const recording = record(name, { dir, tiktok, mp4: true, preferences: { qualities: ["origin", "uhd", "hd"] } });
recording.on("started", ({ title }) => console.log(`Recording "${title}"`));
recording.on("gap", ({ missingMs, reason }) => console.log(`${missingMs} ms are missing: ${reason}`));
process.once("SIGINT", () => void recording.stop()); // Ctrl-C closes all files, too

const { end, totals } = await recording.done;
console.log(`${end.kind}: ${totals.segments} segments, ${totals.events} events, ${totals.missingMs} ms missing`);
console.log(recording.folder);
