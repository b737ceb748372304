// Who gave most, exact to the diamond, as CSV when the live is over: bun gift_tally.ts some.host > gifts.csv
// deno-lint-ignore-file no-console
import process from "node:process";
import { TikTok } from "@roomtone/sdk";

const [name = "some.host"] = process.argv.slice(2);
const givers = new Map<string, { username: string; gifts: number; diamonds: number }>();
for await (const event of new TikTok().live(name)) {
  if (event.type !== "gift") continue;
  // A streak brings many events. count and value are what this one adds, so nothing is counted twice.
  const giver = givers.get(event.user.id) ?? { username: event.user.username, gifts: 0, diamonds: 0 };
  giver.gifts += event.count;
  giver.diamonds += event.value;
  givers.set(event.user.id, giver);
  if (event.streak.ended) console.error(`${giver.username}: ${event.total} x ${event.name}`);
}
console.log("username,gifts,diamonds");
for (const { username, gifts, diamonds } of [...givers.values()].sort((a, b) => b.diamonds - a.diamonds)) {
  console.log(`${username},${gifts},${diamonds}`);
}
