// Commands that play or keep a live with tools of your own: bun player_links.ts some.host other.host
// deno-lint-ignore-file no-console
import process from "node:process";
import { bestStream, TikTok } from "@roomtone/sdk";

for (const result of await new TikTok().links(process.argv.slice(2))) {
  if (result.live !== true) {
    console.log(`# ${result.user}: ${result.error?.code ?? "not live"}`);
    continue;
  }
  for (const { protocol, quality, codec, resolution, bitrateKbps } of result.links) {
    const size = resolution === undefined ? "?" : `${resolution.width}x${resolution.height}`;
    console.log(`# ${result.user} ${protocol} ${quality} ${codec} ${size} ${bitrateKbps ?? "?"} kbit/s`);
  }
  // Names that are not there are passed over: this takes HD, else the best one.
  const hd = bestStream(result.links, { qualities: ["hd"], protocols: ["flv", "hls"], codecs: ["h264"] });
  if (hd === undefined) continue;
  console.log(`mpv '${hd.url}'`);
  console.log(`ffmpeg -i '${hd.url}' -c copy ${result.user}.mkv`);
}
