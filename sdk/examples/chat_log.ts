/**
 * Prints the chat of a live: `bun chat_log.ts some.host`, the same with `node` and `deno run --allow-net --allow-env`.
 * TIKTOK_URLS may hold addresses to use in place of TikTok's, as JSON: `{"web": "http://127.0.0.1:8080", ...}`.
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { isLiveError, TikTok } from "@roomtone/sdk";

const [name = "some.host"] = process.argv.slice(2);
const tiktok = new TikTok({ baseUrls: JSON.parse(process.env["TIKTOK_URLS"] ?? "{}") });
try {
  for await (const event of tiktok.live(name)) {
    const time = new Date(event.at).toISOString().slice(11, 19);
    if (event.type === "connected") console.log(`${time} connected to ${event.roomInfo.title}`);
    if (event.type === "chat") console.log(`${time} ${event.user.username}: ${event.text}`);
    if (event.type === "gap") console.log(`${time} messages are missing: ${event.reason}`);
  }
  console.log("the live is over");
} catch (error) {
  if (!isLiveError(error)) throw error;
  console.error(`${error.message}. ${error.remedy}`);
  process.exitCode = 1;
}
