/**
 * `roomtone recordings log` on a data folder.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openLocalStore } from "@roomtone/functions/local";
import { runCli } from "../../cli/cli.ts";

const T0 = 1_760_000_000_000;
const LINES = 1_200;

describe("roomtone recordings log", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-log-"));
    const store = openLocalStore({ dataDir: dir });
    for (const roomId of ["1", "2"]) await store.wantRecording({ roomId, username: "some.host", title: "" }, T0);
    const line = (event: string, fields: object) => ({ at: T0, level: "warn" as const, event, fields: { ...fields } });
    await store.appendLog("1", {
      at: T0,
      id: "a",
      lines: [line("recording_started", { folder: "some.host/1", part: 1 })],
    });
    const storm = Array.from({ length: LINES - 2 }, () => line("store_write_failed", {}));
    await store.appendLog("1", { at: T0 + 1, id: "b", lines: storm });
    await store.appendLog("1", { at: T0 + 2, id: "c", lines: [line("room_state", { reason: "\u001b[31mred\u009b" })] });
    store.close();
  });
  afterEach(() => rm(dir, { recursive: true }));

  async function run(...argv: string[]) {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCli(["recordings", ...argv], {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      status: () => undefined,
      env: { ROOMTONE_DATA_DIR: dir },
      signal: new AbortController().signal,
      now: () => T0,
    });
    return { code, out, err };
  }

  it("prints all lines, and nothing that a terminal would obey", async () => {
    const { code, out } = await run("log", "1");
    assertEquals([code, out.length], [0, LINES]);
    assertEquals(out[0], "2025-10-09T08:53:20.000Z warn  recording_started folder=some.host/1 part=1");
    // deno-lint-ignore no-control-regex -- what must not be there
    assert(!/[\u0000-\u001f\u007f-\u009f]/.test(out.join("")), out.at(-1));
  });

  it("gives machines the API's lines", async () => {
    const { code, out } = await run("log", "1", "--json");
    assertEquals([code, out.length], [0, LINES]);
    const fields = { reason: "\u001b[31mred\u009b" };
    assertEquals(JSON.parse(out.at(-1) ?? ""), { at: T0, level: "warn", event: "room_state", fields });
  });

  it("says when there is nothing, and when there is no such recording", async () => {
    assertEquals(await run("log", "2"), { code: 0, out: [], err: ["nothing was logged about it"] });
    assertEquals((await run("log", "3")).code, 1);
    assertEquals((await run("log")).code, 2);
  });
});
