/**
 * Tells of gifts that are worth at least so many diamonds, and adds up who gave what: `bun gift_alert.ts some.host 100`.
 * TIKTOK_URLS may hold addresses to use in place of TikTok's, as JSON.
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { TikTok } from "@roomtone/sdk";

const [name = "some.host", least = "1"] = process.argv.slice(2);
const tiktok = new TikTok({ baseUrls: JSON.parse(process.env["TIKTOK_URLS"] ?? "{}") });
const given = new Map<string, number>();
for await (const event of tiktok.live(name)) {
  if (event.type !== "gift") continue;
  const { user, name: gift, total, diamonds, value, streak } = event;
  // Each event of a streak adds its own part, so the sum is exact; the alert comes once, when the streak is over.
  given.set(user.username, (given.get(user.username) ?? 0) + value);
  if (streak.ended && total * diamonds >= Number(least)) {
    console.log(`${user.nickname} sent ${total} x ${gift}, ${total * diamonds} diamonds`);
  }
}
const sum = [...given.values()].reduce((all, one) => all + one, 0);
console.log(`${sum} diamonds from ${given.size} people`);
