// Whom somebody follows, as CSV: TIKTOK_SESSION=... bun followings_csv.ts some.host > followings.csv
// TikTok answers a session of yours (the cookie sessionid of a browser that is logged in), or a signer.
// deno-lint-ignore-file no-console
import process from "node:process";
import { TikTok } from "@roomtone/sdk";

const [name = "some.host"] = process.argv.slice(2);
const tiktok = new TikTok({ cookies: { sessionid: process.env["TIKTOK_SESSION"] ?? "" } });
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

console.log("username,nickname,followers,verified");
const list = tiktok.followings(name, { count: 50 });
for await (const { username, nickname, followers, verified } of list) {
  console.log([username, quoted(nickname), followers ?? "", verified].join(","));
}
// Banned and hidden accounts are in TikTok's count, and on no page.
console.error(`${list.total} in all, ${list.hidden} of them hidden`);
