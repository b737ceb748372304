/**
 * Lists whom a user follows, with a signer of your own: `SIGNER_URL=http://127.0.0.1:8080 bun custom_signer.ts
 * some.host`. The signer takes `{url, userAgent}` as JSON and answers `{signedUrl}`. TIKTOK_URLS may hold addresses to
 * use in place of TikTok's, as JSON.
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { type Signer, TikTok } from "@roomtone/sdk";

const [name = "some.host"] = process.argv.slice(2);
const service = process.env["SIGNER_URL"] ?? "http://127.0.0.1:8080";
const signer: Signer = {
  async sign({ url }, { fetch, userAgent, signal }) {
    const body = JSON.stringify({ url, userAgent });
    const answer = await fetch(service, { method: "POST", body, redirect: "manual", signal });
    const { signedUrl }: { signedUrl: string } = await answer.json();
    return { url: signedUrl };
  },
};
const tiktok = new TikTok({ signer, baseUrls: JSON.parse(process.env["TIKTOK_URLS"] ?? "{}") });
const list = tiktok.followings(name);
for await (const user of list) {
  console.log(`${user.username} has ${user.followers ?? "an unknown number of"} followers`);
}
console.log(`${list.total} in all, ${list.hidden} of them hidden`);
