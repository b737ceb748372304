/**
 * `roomtone record` of several names, to their real end, and of their next lives, against the stand-in.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { bun, ROOT } from "../../scripts/tools.mjs";
import { runCommandLine, standinEnv } from "../fakes/command_line.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

interface State {
  user: string;
  state: string;
  folder?: string;
  outcome?: string;
  nextCheckAt?: number;
  error?: { code: string; message: string };
  end?: { kind: string };
  totals?: { segments: number };
}

const LIVE = { durationMs: 3_000, rate: 2 };

describe("roomtone record", () => {
  let standin: Standin;
  let dir: string;
  let children: ChildProcess[];
  before(async () => {
    children = [];
    dir = await mkdtemp(join(tmpdir(), "roomtone-record-cli-"));
    standin = await startStandin({ media: { seconds: 2 }, seed: "record-cli" });
    await standin.prepareMedia();
    for (const name of ["first.host", "second.host", "idle.host", "late.host", "stopped.host", "closing.host"]) {
      standin.room(name);
    }
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await standin.stop();
    await rm(dir, { recursive: true, maxRetries: 5 });
  });

  const env = () => ({ ...standinEnv(standin), PATH: process.env["PATH"] });
  const run = (argv: string[], onLine?: (line: string) => void, signal?: AbortSignal) =>
    runCommandLine(["record", ...argv, "--dir", dir, "--thumbnail-every-s", "0"], {
      env: env(),
      ...(onLine === undefined ? {} : { onLine }),
      ...(signal === undefined ? {} : { signal }),
    });

  it("records several names at a time, and goes on where one fails", { timeout: 120_000 }, async () => {
    standin.room("first.host").startLive(LIVE);
    standin.room("second.host").startLive(LIVE);
    const { code, out } = await run(["first.host", "@Second.Host", "idle.host", "no such name", "--json"]);
    const states = out.map((line): State => JSON.parse(line));
    assertEquals(code, 1);
    const of = (name: string) => states.filter(({ user }) => user === name);
    for (const name of ["first.host", "second.host"]) {
      assertEquals(of(name).map(({ state }) => state), ["recording", "closing", "finished", "done"], name);
      const finished = of(name).find(({ state }) => state === "finished");
      assertEquals(finished?.end?.kind, "ended");
      assert((finished?.totals?.segments ?? 0) > 0 && existsSync(join(finished?.folder ?? "", "manifest.json")));
    }
    assertEquals(of("idle.host").map(({ state, error, outcome }) => error?.code ?? outcome ?? state), [
      "offline",
      "failed",
    ]);
    assertEquals(of("no such name")[0]?.error?.code, "invalid_input");
  });

  it("of the only name tells what went wrong as other commands do", async () => {
    const plain = await run(["idle.host"]);
    assertEquals([plain.code, plain.out, plain.err[0]], [1, [], "offline: Record idle.host: not live"]);
    const json = await run(["idle.host", "--json"]);
    assertEquals([json.code, JSON.parse(json.err.join("")).code], [1, "offline"]);
  });

  it("waits for a live, records it, waits for the next, until Ctrl-C", { timeout: 120_000 }, async () => {
    const room = standin.room("late.host");
    const stop = new AbortController();
    let finished = 0;
    const onLine = (line: string) => {
      const { state }: State = JSON.parse(line);
      if (state === "waiting" && finished === 0) room.startLive({ rate: 2 });
      if (state === "recording") room.endLive();
      if (state === "finished") finished++;
      if (state === "waiting" && finished === 1) stop.abort(new Error("Ctrl-C"));
    };
    const argv = ["late.host", "--until-end", "--quiet-s", "0", "--follow-next-live", "--poll-interval-s", "10"];
    const { code, out } = await run([...argv, "--json"], onLine, stop.signal);
    const states = out.map((line): State => JSON.parse(line));
    assertEquals([code, states.map(({ state, outcome }) => outcome ?? state)], [0, [
      ...["waiting", "recording", "closing", "finished", "waiting", "ok"],
    ]]);
    assert((states[0]?.nextCheckAt ?? 0) > Date.now() - 60_000);
  });

  it("takes what does not fit for a wrong command line, and says where it cannot write", async () => {
    for (
      const argv of [
        [],
        ["some.host", "--quiet-s", "9"],
        ["some.host", "--poll-interval-s", "60"],
        ["some.host", "--follow-next-live", "--poll-interval-s", "9"],
        ["some.host", "--folow-next-live"],
      ]
    ) assertEquals((await run(argv)).code, 2, argv.join(" "));
    const file = join(dir, "file");
    await writeFile(file, "");
    const { code, err } = await runCommandLine(["record", "first.host", "--dir", join(file, "lives")], { env: env() });
    assertEquals([code, err[0]?.split(":")[0], err.some((line) => line.startsWith("  to do: "))], [1, "ENOTDIR", true]);
  });

  /** The command as a process; `next` is its next state, `undefined` once it has ended. */
  function start(argv: string[], more: Record<string, string> = {}) {
    const args = [join(ROOT, "cli", "main.ts"), "record", ...argv, "--dir", dir, "--thumbnail-every-s", "0", "--json"];
    const child = spawn(bun(), args, {
      env: { ...env(), PATH: process.env["PATH"] ?? "", ...more },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      kill: (name: "SIGINT" | "SIGTERM") => child.kill(name),
      next: async (): Promise<State | undefined> => {
        const line = await lines.next();
        return line.done === true ? undefined : JSON.parse(line.value);
      },
      ended: new Promise<number | string | null>((resolve) => child.on("exit", (code, name) => resolve(code ?? name))),
    };
  }

  it("closes its recording at Ctrl-C, and stops waiting at SIGTERM", { timeout: 120_000 }, async () => {
    standin.room("stopped.host").startLive({ rate: 2 });
    const recording = start(["stopped.host"]);
    const first = await recording.next();
    assertEquals(first?.state, "recording");
    recording.kill("SIGINT");
    const states: string[] = [];
    for (let state = await recording.next(); state !== undefined; state = await recording.next()) {
      states.push(state.state);
    }
    assertEquals([await recording.ended, states], [0, ["closing", "finished", "done"]]);
    const manifest = JSON.parse(await readFile(join(first?.folder ?? "", "manifest.json"), "utf8"));
    assertEquals(manifest.end.kind, "stopped");

    const waiting = start(["idle.host", "--follow-next-live"]);
    assertEquals((await waiting.next())?.state, "waiting");
    waiting.kill("SIGTERM");
    assertEquals([(await waiting.next())?.outcome, await waiting.ended], ["ok", 0]);
  });

  it("ends at once at the second Ctrl-C", { timeout: 120_000 }, async () => {
    const ffmpeg = join(dir, "ffmpeg");
    await writeFile(ffmpeg, "#!/bin/sh\nwhile kill -0 $PPID 2>/dev/null; do sleep 0.1; done\n", { mode: 0o755 });
    const room = standin.room("closing.host");
    room.startLive({ rate: 2 });
    const recording = start(["closing.host", "--mp4"], { ROOMTONE_FFMPEG: ffmpeg });
    assertEquals((await recording.next())?.state, "recording");
    await room.until(({ acked }) => acked > 3 && room.tags().length > 20);
    recording.kill("SIGINT");
    assertEquals((await recording.next())?.state, "closing");
    recording.kill("SIGINT");
    assertEquals([await recording.ended, await recording.next()], [130, undefined]);
  });
});
