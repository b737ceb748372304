// Keeps a live frame by frame, and goes through it again without a network:
//   bun capture_replay.ts keep some.host some.host.frames
//   bun capture_replay.ts replay some.host.frames 10
// deno-lint-ignore-file no-console
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import process from "node:process";
import { TikTok } from "@roomtone/sdk";
import { recordFrames, replay } from "@roomtone/sdk/replay";

const [what = "", first = "", second = ""] = process.argv.slice(2);
if (what === "keep") {
  const file = await open(second, "w");
  for await (const bytes of recordFrames(new TikTok().live(first))) await file.writeFile(bytes);
  await file.close();
} else {
  const speed = Number(second) || Infinity; // 10: ten times as fast as it was
  const replayed = replay(createReadStream(first), { speed });
  const counts: Record<string, number> = {};
  for await (const { type } of replayed) counts[type] = (counts[type] ?? 0) + 1;
  console.log(JSON.stringify(counts));
  console.error(`${replayed.report.frames} frames; the live: ${replayed.report.end ?? "not to its end"}`);
}
