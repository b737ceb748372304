// Tells a webhook when hosts go live and when it is over: bun live_webhook.ts https://hooks.example/live some.host
// deno-lint-ignore-file no-console
import process from "node:process";
import { isLiveError, TikTok } from "@roomtone/sdk";

const [url = "", ...names] = process.argv.slice(2);
const tiktok = new TikTok();

async function tell(name: string, state: "live" | "over" | "failed", more: object): Promise<void> {
  const body = JSON.stringify({ name, state, ...more });
  const { status } = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  console.log(`${name} ${state}: the webhook answered ${status}`);
}

async function watch(name: string): Promise<void> {
  try {
    const { roomId } = await tiktok.waitUntilLive(name, { intervalMs: 60_000 });
    const live = tiktok.live(name);
    const { roomInfo } = await live.connected;
    await tell(name, "live", { roomId, title: roomInfo.title });
    await tell(name, "over", { roomId, end: await live.done });
  } catch (error) {
    if (!isLiveError(error)) throw error;
    await tell(name, "failed", { code: error.code, remedy: error.remedy });
  }
}

await Promise.all(names.map(watch));
