/**
 * What must stay secret stays it: cookies and signed stream URLs are in no log line, no trace, no file of a recording
 * and no argument of a child process.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { loadConfig, LocalConfig, startLocal, type SystemEvent } from "@roomtone/functions/local";
import { findFfmpeg } from "@roomtone/recorder";
import { type LogHandlers, TikTok } from "@roomtone/sdk";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { startStandin } from "../standin/mod.ts";

const HOST = "some.host";
const SESSION = {
  sessionid: "5e55104d5e55104d5e55104d5e55104d",
  sid_tt: "51d0051d0051d0051d0051d00",
  uid_tt: "u1du1du1du1d",
};

/** A text file of every name below a folder. */
async function filesBelow(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), (await readFile(path)).toString("latin1"));
  }
  return files;
}

describe("secrets", () => {
  let dir = "";
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-secrets-"));
  });
  after(() => rm(dir, { recursive: true }));

  it("leave neither the client nor the local system", { timeout: 60_000 }, async () => {
    const standin = await startStandin({ seed: "secrets" });
    await standin.prepareMedia();
    const secrets = new Set<string>(Object.values(SESSION));
    const shown: string[] = [];
    const opened: string[] = [];
    const take = (...what: unknown[]) => void shown.push(JSON.stringify(what));
    const log: LogHandlers = { debug: take, info: take, warn: take, error: take };
    // Sees what only the client sees: the guest cookies that it is given, and the stream URLs that it opens.
    const fetch = async (url: string, init: RequestInit) => {
      const { searchParams } = new URL(url);
      const sign = searchParams.get("sign");
      if (sign !== null) opened.push(url);
      const response = await globalThis.fetch(url, init);
      for (const line of response.headers.getSetCookie()) secrets.add(line.split(";")[0]?.split("=")[1] ?? "");
      for (const value of [sign, searchParams.get("msToken")]) if (value) secrets.add(value);
      return response;
    };
    const tiktok = new TikTok({ baseUrls: standin.baseUrls, cookies: SESSION, onTrace: take, log, fetch });
    // In ffmpeg's place: writes its arguments down, then is ffmpeg.
    const ffmpeg = join(dir, "ffmpeg");
    const argumentsFile = join(dir, "arguments.txt");
    await writeFile(
      ffmpeg,
      `#!/bin/sh\nprintf '%s\\n' "$@" >> '${argumentsFile}'\nexec '${await findFfmpeg(undefined, process.env)}' "$@"\n`,
    );
    await chmod(ffmpeg, 0o755);
    const logger = new CaptureLogger();
    const told: SystemEvent["kind"][] = [];
    let check = () => undefined as void;
    const heard = (condition: () => boolean) =>
      new Promise<void>((resolve) => {
        check = () => condition() ? resolve() : undefined;
        check();
      });
    const dataDir = join(dir, "data");
    const config = loadConfig(LocalConfig, {
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_POLL_INTERVAL_MS: "300",
      ROOMTONE_POLL_TICK_MS: "100",
      ROOMTONE_CLAIM_INTERVAL_MS: "100",
      ROOMTONE_FLUSH_MS: "500",
      ROOMTONE_SEGMENT_MS: "2000",
      ROOMTONE_ENGINE: "ffmpeg",
      ROOMTONE_FFMPEG: ffmpeg,
    });
    const observe = (event: SystemEvent) => {
      told.push(event.kind);
      check();
    };
    const system = await startLocal(config, { logger, observe, tiktok });
    try {
      await system.store.putWatch(HOST, 0);
      const room = standin.room(HOST);
      // Trouble makes programs talk: a refusal, a lost socket, a lost stream.
      room.fault({ kind: "http", route: "api_live", reply: "waf_page", times: 1 });
      room.startLive();
      await heard(() => told.includes("recording_started") && told.filter((kind) => kind === "event").length > 20);
      room.fault({ kind: "socket_drop" });
      room.fault({ kind: "flv_cut", inside: true });
      const before = told.length;
      await heard(() => told.slice(before).filter((kind) => kind === "event").length > 20);
      room.fault({ kind: "offline" });
      await heard(() => told.includes("recording_finished"));
      for (const { url } of (await tiktok.links([HOST])).flatMap((one) => one.live ? one.links : [])) opened.push(url);
    } finally {
      await system.stop();
      await standin.stop();
    }
    for (const url of opened) secrets.add(new URL(url).searchParams.get("sign") ?? "");
    secrets.delete("");

    const cookies = new Set(standin.requests.flatMap((request) => request.cookieNames));
    for (const name of [...Object.keys(SESSION), "ttwid"]) assert(cookies.has(name), `no request carried ${name}`);
    assert(opened.length > 0, "no signed stream was opened");
    const files = await filesBelow(dataDir);
    for (const name of ["manifest.json", "segments.jsonl", "index.m3u8", "events.jsonl"]) {
      assert([...files.keys()].some((path) => path.endsWith(name)), `there is no ${name}`);
    }
    const places = new Map([
      ...files,
      ["traces and log of the client", shown.join("\n")],
      ["log of the system", JSON.stringify(logger.lines)],
      ["arguments of ffmpeg", await readFile(argumentsFile, "utf8")],
    ]);
    assert(shown.length > 100 && logger.lines.length > 0);
    const found = [...places].flatMap(([place, text]) =>
      [...secrets].filter((secret) => text.includes(secret)).map((secret) => `${place} holds ${secret}`)
    );
    assertEquals(found, []);
    const signed = [...places].filter(([, text]) => /[?&]sign=/.test(text)).map(([place]) => place);
    assertEquals(signed, []);
  });
});
