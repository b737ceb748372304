/**
 * `roomtone key` on a data folder.
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, it } from "node:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../cli/cli.ts";

describe("roomtone key", () => {
  let dir: string;
  beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "roomtone-key-"))));
  afterEach(() => rm(dir, { recursive: true }));

  async function run(...argv: string[]) {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCli(["key", ...argv], {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      status: () => undefined,
      env: { ROOMTONE_DATA_DIR: dir },
      signal: new AbortController().signal,
      now: () => 1_760_000_000_000,
    });
    return { code, out, err };
  }

  it("makes a key that is shown once, lists it without its secret, and deletes it", async () => {
    const made = await run("create", "--scope", "write,read", "--name", "ops", "--per-minute", "90");
    const [secret = ""] = made.out;
    const id = secret.split("_")[1] ?? "";
    assertMatch(secret, /^rtk_[0-9a-f]{12}_[0-9a-f]{64}$/);
    assertEquals([made.code, made.err], [0, [`key ${id} for read, write; it is shown this once`]]);
    assertEquals((await run("ls")).out, [`${id}  read,write  90/min  since 2025-10-09  ops`]);
    const json = (await run("ls", "--json")).out.join("");
    assertEquals(JSON.parse(json).id, id);
    assert(!json.includes("hash") && !json.includes(secret.slice(-16)));
    assertEquals(await run("rm", id), { code: 0, out: [`- ${id}`], err: [] });
    assertEquals((await run("rm", id)).code, 1);
    assertEquals((await run("ls")).out, []);
  });

  it("tells what is wrong with the command line", async () => {
    for (
      const argv of [
        [],
        ["create", "--scope", "admin"],
        ["create", "--scope", ""],
        ["create", "--per-minute", "0"],
        ["create", "x"],
        ["rm"],
        ["ls", "x"],
      ]
    ) {
      const { code, out } = await run(...argv);
      assertEquals([code, out], [2, []], argv.join(" "));
    }
  });
});
