/**
 * Records a live, video and events, until it is over or Ctrl-C: `bun record_a_room.ts some.host recordings`. It needs
 * ffmpeg on PATH. TIKTOK_URLS may hold addresses to use in place of TikTok's, as JSON.
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { record } from "@roomtone/recorder";
import { TikTok } from "@roomtone/sdk";

const [name = "some.host", dir = "recordings"] = process.argv.slice(2);
const tiktok = new TikTok({ baseUrls: JSON.parse(process.env["TIKTOK_URLS"] ?? "{}") });
const recording = record(name, { dir, tiktok, mp4: true });
recording.on("started", ({ folder }) => console.log(`recording into ${folder}`));
recording.on("gap", ({ reason }) => console.log(`media is missing: ${reason}`));
process.once("SIGINT", () => void recording.stop());

const { end, totals } = await recording.done;
console.log(`${end.kind} after ${Math.round(totals.durationMs / 1000)} s with ${totals.events} events`);
