/**
 * `roomtone retention` on a data folder.
 * @module
 */
import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openLocalStore } from "@roomtone/functions/local";
import { runCli } from "../../cli/cli.ts";

const ENDED = 1_760_000_000_000;
const DAY = 86_400_000;

describe("roomtone retention", () => {
  let dir: string;
  let now: number;
  beforeEach(async () => {
    now = ENDED + 40 * DAY;
    dir = await mkdtemp(join(tmpdir(), "roomtone-retention-"));
    const store = openLocalStore({ dataDir: dir });
    for (const [roomId, username] of [["1", "old.host"], ["2", "kept.host"], ["3", "other.host"]] as const) {
      await store.wantRecording({ roomId, username, title: "" }, ENDED);
      const [claimed] = await store.claimRecordings({ owner: "a", now: ENDED, leaseMs: 1_000, limit: 1 });
      const lease = { recordingId: roomId, token: claimed?.leaseToken ?? 0 };
      await store.addPart(lease, { folder: `${username}/part`, startedAt: ENDED });
      await store.finishRecording(lease, { endedAt: ENDED, outcome: { kind: "ended" } });
      await mkdir(folderOf(username), { recursive: true });
    }
    store.close();
  });
  afterEach(() => rm(dir, { recursive: true }));

  const folderOf = (username: string) => join(dir, "recordings", username, "part");
  const there = () => ["old.host", "kept.host", "other.host"].filter((each) => existsSync(folderOf(each)));

  async function run(...argv: string[]) {
    const out: string[] = [];
    const code = await runCli(["retention", ...argv], {
      out: (line) => out.push(line),
      err: () => undefined,
      status: () => undefined,
      env: { ROOMTONE_DATA_DIR: dir, ROOMTONE_RETENTION: '{"default":{"recordingDays":30}}' },
      signal: new AbortController().signal,
      now: () => now,
    });
    return { code, out };
  }

  it("lists what would go, keeps what is to be kept, and deletes the rest", async () => {
    assertEquals(await run("keep", "2", "9"), { code: 1, out: ["2  kept", "9 is no recording"] });
    const plan = await run("--dry-run", "--json");
    assertEquals(
      plan.out.map((line) => JSON.parse(line)).map(({ done, recordingId, why }) => [done, recordingId, why]),
      [
        ["would go", "3", "age"],
        ["would go", "1", "age"],
      ],
    );
    assertEquals(there().length, 3);
    now = ENDED + 30 * DAY - 1;
    assertEquals(await run(), { code: 0, out: [] });
    now++;
    assertEquals((await run()).out.map((line) => line.split("  ").slice(0, 5)), [
      ["gone", "3", "@other.host", "recording", "age"],
      ["gone", "1", "@old.host", "recording", "age"],
    ]);
    assertEquals([there(), existsSync(join(dir, "recordings", "old.host"))], [["kept.host"], false]);
    assertEquals((await run("unkeep", "2")).out, ["2  not kept"]);
    assertEquals((await run()).out.length, 1);
  });

  it("deletes one host's data on request", async () => {
    const plan = await run("--host", "@Kept.Host", "--dry-run");
    assertEquals(plan.out.map((line) => line.split("  ").slice(0, 5)), [[
      "would go",
      "2",
      "@kept.host",
      "recording",
      "asked",
    ]]);
    assertEquals((await run("--host", "kept.host")).code, 0);
    assertEquals(there(), ["old.host", "other.host"]);
  });

  it("tells what is wrong with the command line", async () => {
    for (
      const argv of [["keep"], ["drop", "1"], ["keep", "1", "--dry-run"], ["keep", "1", "--host", "x"], ["--days"]]
    ) {
      assertEquals((await run(...argv)).code, 2, argv.join(" "));
    }
  });
});
