// Viewers of several lives over time, as CSV for a chart: bun viewers_csv.ts some.host other.host > viewers.csv
// deno-lint-ignore-file no-console
import process from "node:process";
import { isLiveError, TikTok } from "@roomtone/sdk";

const tiktok = new TikTok(); // one client for all: they share its cookies and its pace
console.log("time,host,viewers,total");

async function watch(name: string): Promise<void> {
  try {
    for await (const event of tiktok.live(name)) {
      if (event.type !== "viewers") continue;
      console.log(`${new Date(event.at).toISOString()},${name},${event.count},${event.total}`);
    }
    console.error(`${name}: the live is over`);
  } catch (error) {
    if (!isLiveError(error)) throw error;
    console.error(`${name}: ${error.code}. ${error.remedy}`); // one host never spoils the others
  }
}

await Promise.all(process.argv.slice(2).map(watch));
