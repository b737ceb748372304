/**
 * Asks again and again who of many is live: `bun poll_many.ts first.host second.host ...`. ROUNDS is how often it asks,
 * a minute apart; TIKTOK_URLS may hold addresses to use in place of TikTok's, as JSON.
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { TikTok } from "@roomtone/sdk";

const names = process.argv.slice(2);
const rounds = Number(process.env["ROUNDS"] ?? Infinity);
const tiktok = new TikTok({ baseUrls: JSON.parse(process.env["TIKTOK_URLS"] ?? "{}") });
for (let round = 1; round <= rounds; round++) {
  // One name that fails never spoils the rest: its error stands in its own result.
  for (const { user, live, error } of await tiktok.isLive(names)) {
    console.log(`${user}: ${error ? `${error.code}, ${error.remedy}` : live ? "live" : "not live"}`);
  }
  if (round < rounds) await sleep(60_000);
}
