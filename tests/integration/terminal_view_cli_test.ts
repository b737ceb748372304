/**
 * `roomtone live` and `roomtone record` on a terminal and off it, against the stand-in.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { runCli } from "../../cli/cli.ts";
import { ENTER, LEAVE } from "../../cli/terminal_view.ts";
import { type Standin, startStandin } from "../standin/mod.ts";

let standin: Standin;
let dir: string;

/** Runs a command on a terminal until what it shows holds all of `wanted`, then presses Ctrl-C. */
async function run(argv: string[], wanted: RegExp[]) {
  const out: string[] = [];
  const err: string[] = [];
  let shown = "";
  const abort = new AbortController();
  const look = (): void => {
    const all = shown + out.join("\n") + err.join("\n");
    if (wanted.every((one) => one.test(all))) abort.abort(new Error("Ctrl-C"));
  };
  const { web, webcast, socket } = standin.baseUrls;
  const code = await runCli(argv, {
    out: (line) => {
      out.push(line);
      look();
    },
    err: (line) => {
      err.push(line);
      look();
    },
    status: () => undefined,
    terminal: {
      write: (text) => {
        shown += text;
        look();
      },
      columns: () => 100,
      rows: () => 30,
      onResize: () => () => undefined,
      restoreWith: () => undefined,
    },
    env: {
      PATH: process.env["PATH"],
      NO_COLOR: "1",
      ROOMTONE_TIKTOK_WEB_URL: web,
      ROOMTONE_TIKTOK_WEBCAST_URL: webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: socket,
    },
    signal: abort.signal,
    now: () => Date.now(),
  });
  return { code, out, shown };
}

describe("the view on a terminal", () => {
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-view-"));
    standin = await startStandin({ media: { seconds: 2 }, seed: "view" });
    await standin.prepareMedia();
    standin.room("some.host").startLive({ rate: 3 });
  });
  after(async () => {
    await standin.stop();
    await rm(dir, { recursive: true });
  });

  it("live keeps the facts above the events, and gives the terminal back at the end", async () => {
    const { code, out, shown } = await run(["live", "some.host"], [/ chat {5}@/, /[\d,]+ viewers/]);
    assertEquals([code, out], [130, []]);
    assert(shown.startsWith(ENTER) && shown.lastIndexOf(LEAVE) > 0 && / chat {5}@/.test(shown.split(LEAVE)[1] ?? ""));
  });

  it("live prints lines alone with --plain, and JSON with --json", async () => {
    const lines = await run(["live", "some.host", "--plain"], [/ chat {5}@/]);
    assertEquals([lines.code, lines.shown], [130, ""]);
    const json = await run(["live", "some.host", "--json"], [/"type":"chat"/]);
    assertEquals(json.shown, "");
    for (const line of json.out) JSON.parse(line);
  });

  it("record has a line for each host, and shows when one who is not live is asked about next", async () => {
    standin.room("idle.host");
    const wanted = [/@some\.host {2}.*\d+ segments, /, /@idle\.host {2}not live, next check in 00:\d\d/];
    const argv = ["record", "some.host", "idle.host", "--follow-next-live", "--dir", dir, "--thumbnail-every-s", "0"];
    const { code, out, shown } = await run(argv, wanted);
    assertEquals([code, out.length], [0, 1]);
    assert(shown.includes("@idle.host: not live; next check at ") && shown.includes("@some.host: recording into "));
    const lines = await run([...argv, "--plain"], [/@idle\.host: not live; next check at [\d:]+ UTC, Ctrl-C ends it/]);
    assertEquals([lines.code, lines.shown], [0, ""]);
  });

  it("record shows chat and how far it is, and the sum at the end", async () => {
    const wanted = [/ chat {5}@/, /\d segments, /];
    const { code, out, shown } = await run(["record", "some.host", "--dir", dir], wanted);
    assertEquals([code, out.length], [0, 1]);
    assert(shown.includes("recording into ") && shown.includes("closing the files"));
    const lines = await run(["record", "some.host", "--dir", dir, "--plain", "--thumbnail-every-s", "0"], [/^/]);
    assertEquals(lines.shown, "");
  });
});
