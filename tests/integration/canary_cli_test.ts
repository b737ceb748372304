/** `roomtone canary`, as somebody at a terminal uses it, against the stand-in; and the same through the API. */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runCli } from "../../cli/cli.ts";
import { loadConfig, LocalConfig, startLocal } from "../../functions/entry/local/mod.ts";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { FakeRecorder } from "../fakes/fake_recorder.ts";
import { DRIFTS } from "../standin/drifts.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

describe("roomtone canary", () => {
  let standin: Standin;
  let dir: string;
  let env: Record<string, string>;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-canary-cli-"));
    standin = await startStandin({ media: false });
    standin.room("some.host").startLive({ seed: "cli" });
    env = {
      ROOMTONE_DATA_DIR: dir,
      ROOMTONE_CANARY_LISTEN_MS: "0",
      ROOMTONE_MEDIA_HOSTS: "127.0.0.1",
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
      ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
    };
  });
  after(async () => {
    await standin.stop();
    await rm(dir, { recursive: true });
  });

  const run = async (args: string[], more: Record<string, string> = {}) => {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCli(["canary", ...args], {
      out: (line) => out.push(line),
      err: (line) => err.push(line),
      status() {},
      env: { ...env, ...more },
      signal: new AbortController().signal,
      now: Date.now,
    });
    return { code, out, err };
  };
  /** The stand-in of this test has no streams. */
  const known = (lines: string[]) => lines.filter((line) => !line.includes("media.status"));

  it("names what drifted, remembers it, and says when it is over; an API tells the same", async () => {
    assertEquals(known((await run(["some.host"])).out), []);
    const drift = DRIFTS.find(({ name }) => name === "alive is a number");
    standin.drift(drift?.drift);
    const drifted = await run(["some.host"]);
    assertEquals(drifted.code, 1);
    const [line = "", ...others] = known(drifted.out);
    assert(line.startsWith("DRIFTED    check_alive.data[].alive  number, was boolean, since 20"), line);
    assertEquals(others, []);
    assert(/^\d{3} facts, [12] not as they were$/.test(drifted.err.at(-1) ?? ""), drifted.err.join());

    const config = loadConfig(LocalConfig, { ...env, ROOMTONE_PORT: "0" });
    const system = await startLocal(config, { recorder: new FakeRecorder(), logger: new CaptureLogger() });
    try {
      const remote = await run(["--json"], { ROOMTONE_REMOTE: system.url });
      const facts = remote.out.map((each) => JSON.parse(each) as { name: string; current: string });
      const found = facts.find(({ name }) => name === "check_alive.data[].alive");
      assertEquals([remote.code, found?.current], [1, "number"]);
    } finally {
      await system.stop();
    }

    const unknown = await run(["--accept", "no.such.fact"]).catch((error: Error) => error.message);
    assert(JSON.stringify(unknown).includes("knows no such fact"), JSON.stringify(unknown));
    const accepted = await run(["--accept", "check_alive.data[].alive"]);
    assertEquals(known(accepted.out), []);
    assertEquals(known((await run(["some.host"])).out), []);

    standin.drift(undefined);
    const back = await run(["some.host"]);
    assert(known(back.out)[0]?.includes("boolean, was number"), back.out.join());
    await run(["--accept", "all"]);
    const over = await run(["some.host", "--all"]);
    assert(over.out.includes("as it was  check_alive.data[].alive  boolean"), over.out.join("\n"));
    assertEquals(known(over.out.filter((each) => each.startsWith("DRIFTED"))), []);
  });
});
