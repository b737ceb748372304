/**
 * `roomtone alerts` on a data folder.
 * @module
 */
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openLocalStore } from "@roomtone/functions/local";
import { runCli } from "../../cli/cli.ts";

const T0 = 1_760_000_000_000;

describe("roomtone alerts", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-alerts-"));
    const store = openLocalStore({ dataDir: dir });
    const expiresAt = Date.now() + 86_400_000;
    for (const room of ["1", "2"]) {
      const id = `live_started:${room}`;
      const facts = { id, kind: "live_started", recordingId: room, username: "some.host", at: T0, data: {} } as const;
      await store.putAlert(facts, { now: T0 + Number(room), expiresAt });
    }
    const deliveries = { ops: { state: "dead", tries: 15, problem: "the answer has status 500" } } as const;
    await store.settleAlert({ id: "live_started:2", claimToken: 0 }, { state: "dead", deliveries, expiresAt });
    store.close();
  });
  afterEach(() => rm(dir, { recursive: true }));

  async function run(...argv: string[]) {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCli(["alerts", ...argv], {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      status: () => undefined,
      env: { ROOMTONE_DATA_DIR: dir },
      signal: new AbortController().signal,
      now: () => T0,
    });
    return { code, out, err: err.join("\n") };
  }

  it("lists dead alerts, and others by state", async () => {
    const dead = await run("ls");
    assertEquals(dead.code, 0);
    assertMatch(dead.out[0] ?? "", /^live_started:2 {2}@some\.host .* dead$/);
    assertEquals(dead.out[1], "  ops  dead  15 tries  the answer has status 500");
    const pending = await run("ls", "--state", "pending", "--json");
    assertEquals(pending.out.map((line) => JSON.parse(line).id), ["live_started:1"]);
  });

  it("sends a dead alert again, and says why another cannot be", async () => {
    assertEquals((await run("resend", "live_started:2")).out[0]?.endsWith("  pending"), true);
    assertEquals((await run("ls")).out, []);
    const both = await run("resend", "live_started:9", "live_started:2", "--json");
    assertEquals([both.code, both.out.map((line) => JSON.parse(line)).map(({ id, error }) => [id, error.code])], [1, [
      ["live_started:9", "not_found"],
      ["live_started:2", "conflict"],
    ]]);
    const twice = await run("resend", "live_started:2");
    assertEquals([twice.code, twice.err.startsWith("conflict: ")], [1, true]);
    assertEquals((await run("resend", "live_started:9")).err.startsWith("not_found: "), true);
  });

  it("makes secrets", async () => {
    const [one, other] = [await run("secret"), await run("secret")];
    assertMatch(one.out.join(), /^whsec_[A-Za-z0-9+/]{43}=$/);
    assertNotEquals(one.out, other.out);
  });

  it("says what is wrong with a command line", async () => {
    for (
      const words of [[], ["list"], ["resend"], ["ls", "x"], ["ls", "--state", "gone"], ["secret", "--state", "dead"]]
    ) {
      assertEquals((await run(...words)).code, 2, words.join(" "));
    }
  });
});
