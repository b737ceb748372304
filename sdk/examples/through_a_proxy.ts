/**
 * Reads a live through the proxy that HTTPS_PROXY names, pages and socket alike: `HTTPS_PROXY=http://user:password@
 * proxy.example:3128 node through_a_proxy.ts some.host`. On Bun and Deno `proxied` comes from /bun and /deno; on Node
 * it needs the package undici.
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { TikTok } from "@roomtone/sdk";
import { proxied } from "@roomtone/sdk/node";

const [name = "some.host"] = process.argv.slice(2);
const tiktok = new TikTok(proxied({ env: process.env }));
for await (const event of tiktok.live(name)) {
  if (event.type === "chat") console.log(`${event.user.username}: ${event.text}`);
}
console.log("the live is over");
