// What happens in a live, line by line: bun chat.ts some.host
// deno-lint-ignore-file no-console
import process from "node:process";
import { isLiveError, TikTok } from "@roomtone/sdk";

const [name = "some.host"] = process.argv.slice(2);
try {
  for await (const event of new TikTok().live(name)) {
    if (event.history) continue; // from before we came
    if (event.type === "chat") console.log(`${event.user.nickname}: ${event.text}`);
    if (event.type === "follow") console.log(`${event.user.nickname} follows now`);
    if (event.type === "share") console.log(`${event.user.nickname} shared the live`);
    if (event.type === "gap") console.log(`(up to ${event.to - event.from} ms are missing: ${event.reason})`);
    if (event.type === "ended") console.log("The live is over");
  }
} catch (error) {
  if (!isLiveError(error)) throw error;
  console.error(`${error.message}. ${error.remedy}`); // such as: the host is not live
  process.exitCode = 1;
}
