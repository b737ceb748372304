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

  const run = (...argv: string[]) => cli("retention", ...argv);
  async function cli(...argv: string[]) {
    const out: string[] = [];
    const code = await runCli(argv, {
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
    const kept = await cli("recordings", "keep", "2");
    assertEquals([kept.code, kept.out.map((line) => line.endsWith("  kept"))], [0, [true]]);
    assertEquals((await cli("recordings", "keep", "9")).code, 1);
    const some = await cli("recordings", "keep", "9", "2", "--json");
    const told = some.out.map((line) => JSON.parse(line)).map(({ id, error, kept }) => [id, error?.code ?? kept]);
    assertEquals([some.code, told], [1, [["9", "not_found"], ["2", true]]]);
    const plan = await run("--dry-run", "--json");
    assertEquals(
      plan.out.map((line) => JSON.parse(line)).map(({ done, recording_id: id, why }) => [done, id, why]),
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
    const unkept = await cli("recordings", "unkeep", "2", "--json");
    assertEquals(unkept.out.map((line) => JSON.parse(line).kept), [false]);
    assertEquals((await run()).out.length, 1);
  });

  it("deletes one host's data on request", async () => {
    const store = openLocalStore({ dataDir: dir });
    await store.putWatch("kept.host", ENDED);
    await store.wantRecording({ roomId: "4", username: "kept.host", title: "" }, ENDED);
    await store.claimRecordings({ owner: "a", now: ENDED, leaseMs: 1_000, limit: 1 });
    const plan = await run("--host", "@Kept.Host", "--dry-run");
    assertEquals(plan.out.map((line) => line.split("  ").slice(0, 5)), [
      ["would go", "2", "@kept.host", "recording", "asked"],
      ["would go", "@kept.host", "on the watchlist"],
      ["unfinished", "4"],
    ]);
    assertEquals((await store.getWatch("kept.host"))?.username, "kept.host");
    const gone = await run("--host", "kept.host", "--json");
    assertEquals(gone.out.map((line) => JSON.parse(line)).map(({ what, done }) => [what, done]), [
      ["recording", "gone"],
      ["watch", "gone"],
      [undefined, "unfinished"],
    ]);
    assertEquals([gone.code, there(), await store.getWatch("kept.host")], [0, ["old.host", "other.host"], undefined]);
    assertEquals((await store.getRecording("4"))?.stopAt, now);
    store.close();
  });

  it("tells what is wrong with the command line", async () => {
    for (const argv of [["keep", "1"], ["--days"]]) {
      assertEquals((await run(...argv)).code, 2, argv.join(" "));
    }
    assertEquals((await run("--host", "no name")).code, 1);
    assertEquals((await cli("recordings", "keep")).code, 2);
  });
});
