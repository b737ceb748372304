/** A Worker reads a live: the bundle runs in workerd and dials the stand-in through `fetch` upgrades. */
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { bun } from "../../scripts/tools.mjs";
import { startStandin } from "../standin/mod.ts";
import { runProgram } from "./run_program.ts";
import { ROOT } from "./source_files.ts";
import { serveWorker } from "./serve_worker.ts";

type Standin = Awaited<ReturnType<typeof startStandin>>;

describe("@roomtone/sdk/workers", () => {
  let scratch = "";
  let standin: Standin;
  let worker: Awaited<ReturnType<typeof serveWorker>>;

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), "roomtone-workers-"));
    standin = await startStandin({ media: false, seed: "workers" });
    const entry = join(scratch, "worker.ts");
    const out = join(scratch, "worker.js");
    writeFileSync(
      entry,
      `import { isLiveError, TikTok } from "${join(ROOT, "sdk", "mod.ts")}";
       import { fetchUpgradeSockets } from "${join(ROOT, "sdk", "workers.ts")}";
       async function read(name) {
         const tiktok = new TikTok({ baseUrls: ${JSON.stringify(standin.baseUrls)}, socket: fetchUpgradeSockets() });
         const ids = [];
         let last = "";
         try {
           for await (const event of tiktok.live(name)) {
             last = event.type;
             if ("bytes" in event && event.id !== "") ids.push(event.id);
           }
         } catch (error) {
           if (!isLiveError(error)) throw error;
           return { code: error.code, evidence: error.evidence };
         }
         return { ids, last };
       }
       export default {
         fetch: async (request) => Response.json(await read(new URL(request.url).searchParams.get("name"))),
       };`,
    );
    const built = await runProgram(bun(), ["build", entry, "--target=browser", "--format=esm", `--outfile=${out}`]);
    assertEquals([built.code, built.code === 0 ? "" : built.output], [0, ""]);
    // Workers reach public addresses only, unless they are told otherwise.
    worker = await serveWorker(out, { allowLoopback: true });
  });
  after(async () => {
    worker?.stop();
    await standin.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it("opens a room and yields every message to its end", async () => {
    const room = standin.room("worker.host");
    room.startLive({ speed: 20, durationMs: 20_000 });
    const answer = await (await fetch(`${worker.url}/?name=worker.host`)).json();
    const { ids, historyIds } = room.stats();
    assert(ids.length >= 50, `only ${ids.length} messages`);
    assertEquals(answer, { ids: [...new Set([...historyIds, ...ids])], last: "ended" });
    const upgrades = standin.requests.filter(({ headers }) => headers["upgrade"] === 1);
    assertEquals(upgrades.map(({ userAgents, cookieNames }) => [userAgents.length, cookieNames.includes("ttwid")]), [
      [1, true],
    ]);
  });

  it("tells why a handshake was refused", async () => {
    const room = standin.room("refused.host");
    room.startLive({ durationMs: 60_000 });
    room.fault({ kind: "handshake", status: 415, times: 100 });
    const answer = await (await fetch(`${worker.url}/?name=refused.host`)).json() as {
      code?: string;
      evidence?: { status?: number; handshakeStatus?: string; handshakeMessage?: string };
    };
    const { status, handshakeStatus, handshakeMessage } = answer.evidence ?? {};
    assertEquals([answer.code, status, handshakeStatus, handshakeMessage], [
      "device_blocked",
      200,
      "415",
      "DEVICE_BLOCKED",
    ]);
  });
});
