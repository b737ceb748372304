/**
 * A soak: 20 rooms of the stand-in for ten minutes, through the whole local system in a process of its own, some of them
 * with trouble on the way. Every FLV tag and every event is accounted for afterwards against what the stand-in sent: it
 * is stored once, or lies in a gap that was reported. Linux only: it reads `/proc`.
 *
 * `npm run bench -- soak`; `npm run bench -- soak 2` for two minutes. Exits with 1 when anything is unaccounted for.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { bun, media, ROOT } from "../../scripts/tools.mjs";
import { compareTags, judge, sampleHashes } from "../judge/mod.ts";
import { type FlvSource, MediaLibrary, TAG_SCRIPT } from "../standin/flv_source.ts";
import { type Fault, type Room, type Standin, startStandin, type TagRecord } from "../standin/mod.ts";

const ROOMS = 20;
const [minutes = 10] = process.argv.slice(2).map(Number);
const LIVE_MS = minutes * 60_000;
const TROUBLE_EVERY_MS = Math.min(120_000, LIVE_MS / 2);
/** Memory is read first when all rooms are at work, ms. */
const FIRST_LOOK_MS = Math.min(60_000, LIVE_MS / 2);
/** Longest time from the end of the lives to that of the last recording, ms. */
const PATIENCE_MS = 120_000;
/** Wall times of gaps are those of the recorder: a tag comes up to a tick of the stand-in, and its way, after its time. */
const CLOCK_MS = 2_000;
/** A recorder keeps shorter holes as time, in which the picture stands: frames may come that slowly. */
const SHORT_HOLE_MS = 1_000;
/** What happens to rooms, by number; nothing to all others. */
const TROUBLES: Record<number, Fault> = {
  1: { kind: "flv_cut", inside: true },
  2: { kind: "flv_stall" },
  3: { kind: "socket_drop" },
  4: { kind: "socket_stall" },
  5: { kind: "flv_clock_jump", byMs: 3_600_000 },
  6: { kind: "duplicate_messages", count: 20 },
  7: { kind: "socket_half_frame" },
};
const TICKS_PER_SECOND = 100;

interface Account {
  tags: { sent: number; recorded: number; unread: number; missing: number; twice: number; foreign: number };
  /** Tags that the live had and that went to nobody: in gaps that were reported, in shorter holes, and elsewhere. */
  unsent: { inGaps: number; short: number; outside: number };
  gapMs: number;
  events: { sent: number; stored: number; missing: number; twice: number; foreign: number };
  faults: string[];
}

interface RecordingBody {
  state: string;
  parts: { folder: string }[];
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The whole system, as users start it. */
class System {
  readonly child: ChildProcess;
  readonly url: Promise<string>;
  readonly ended: Promise<unknown>;
  readonly errors: string[] = [];

  constructor(standin: Standin, dataDir: string) {
    this.child = spawn(bun(), [join(ROOT, "functions/entry/local/serve.ts")], {
      env: {
        ...process.env,
        ROOMTONE_PORT: "0",
        ROOMTONE_DATA_DIR: dataDir,
        ROOMTONE_RECORDER_SLOTS: String(ROOMS),
        ROOMTONE_POLL_INTERVAL_MS: "2000",
        ROOMTONE_TIKTOK_REQUESTS_PER_MINUTE: "6000",
        ROOMTONE_FFMPEG: media().ffmpeg,
        ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
        ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
        ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
        ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.ended = new Promise((resolve) => this.child.once("close", resolve));
    const { stderr } = this.child;
    if (stderr === null) throw new TypeError("The system has no pipe");
    this.url = new Promise((resolve, reject) => {
      createInterface({ input: stderr }).on("line", (line) => {
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
        if (url !== undefined) resolve(url);
        if (/\berror\b/i.test(line)) this.errors.push(line);
      });
      this.ended.then(() => reject(new Error(`The system ended: ${this.errors.join("\n")}`)));
    });
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${await this.url}${path}`);
    if (!response.ok) throw new Error(`${path}: status ${response.status}`);
    return await response.json() as T;
  }

  rssMb(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
  }

  /** CPU of the process, and of those that it started and that have ended, seconds. */
  cpuS(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    return fields.slice(11, 15).map(Number).reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND;
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await this.ended;
  }
}

const keyOf = ({ type, mediaMs, md5 }: Pick<TagRecord, "type" | "mediaMs" | "md5">): string =>
  `${type} ${mediaMs} ${md5}`;

/** Media times of tags that a live had between the first and the last that were sent, and that were not sent whole. */
function unsentTags(tags: readonly TagRecord[], source: FlvSource): number[] {
  const whole = tags.filter((tag) => !tag.header && tag.type !== TAG_SCRIPT && tag.state === "whole");
  const sent = new Set(whole.map(keyOf));
  const from = Math.min(...whole.map(({ mediaMs }) => mediaMs));
  const to = Math.max(...whole.map(({ mediaMs }) => mediaMs));
  const unsent: number[] = [];
  for (let turnMs = 0; turnMs <= to; turnMs += source.loopMs) {
    for (const { type, timestampMs, md5 } of source.tags) {
      const mediaMs = turnMs + timestampMs;
      if (mediaMs >= from && mediaMs <= to && !sent.has(keyOf({ type, mediaMs, md5 }))) unsent.push(mediaMs);
    }
  }
  return unsent;
}

/** Whether the hole around a time is a short one: on both sides, not far away, something was sent. */
function isShort(unsent: readonly number[], at: number): boolean {
  const near = unsent.filter((other) => Math.abs(other - at) <= SHORT_HOLE_MS);
  return Math.max(...near) - Math.min(...near) < SHORT_HOLE_MS;
}

async function storedIds(system: System, roomId: string): Promise<string[]> {
  const ids: string[] = [];
  for (let after = "0", finished = false; !finished;) {
    const page = await system.get<{ events: { id: string }[]; after: string; finished: boolean }>(
      `/recordings/${roomId}/events?limit=1000&after=${after}`,
    );
    // Events without an id are the client's own.
    for (const { id } of page.events) if (id !== "") ids.push(id);
    ({ after, finished } = page);
  }
  return ids;
}

async function accountOf(system: System, room: Room, source: FlvSource, recordingsDir: string): Promise<Account> {
  const { roomId, ids: sentIds, historyIds, startedAtMs } = room.stats();
  const { state, parts } = await system.get<RecordingBody>(`/recordings/${roomId}`);
  const faults = state === "finished" ? [] : [`it is ${state}`];
  const [part, ...more] = parts;
  if (part === undefined || more.length > 0) faults.push(`it has ${parts.length} parts`);
  const folder = join(recordingsDir, part?.folder ?? "");
  const judgement = await judge(folder, { ffprobePath: media().ffprobe });
  if (judgement.backSteps > 0) faults.push(`${judgement.backSteps} steps back`);
  if (judgement.wrongFiles.length > 0) faults.push(`wrong files: ${judgement.wrongFiles.join()}`);
  const verdict = compareTags(judgement.packets, room.tags(), room.connections(), sampleHashes(source.tags));
  const { gaps } = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as {
    gaps: { fromMs: number; toMs: number; missingMs: number }[];
  };
  const unsent = unsentTags(room.tags(), source).map((mediaMs) => startedAtMs + mediaMs);
  const inGaps = unsent.filter((at) => gaps.some((gap) => gap.fromMs - CLOCK_MS <= at && at <= gap.toMs + CLOCK_MS));
  const others = unsent.filter((at) => !inGaps.includes(at));
  const short = others.filter((at) => isShort(others, at));
  const stored = await storedIds(system, roomId);
  const different = new Set(stored);
  const known = new Set([...sentIds, ...historyIds]);
  return {
    tags: {
      sent: verdict.written,
      recorded: verdict.once,
      unread: verdict.unread.length,
      missing: verdict.missing.length,
      twice: verdict.twice.length,
      foreign: verdict.foreign.length,
    },
    unsent: { inGaps: inGaps.length, short: short.length, outside: others.length - short.length },
    gapMs: gaps.reduce((sum, { missingMs }) => sum + missingMs, 0),
    events: {
      sent: sentIds.length,
      stored: different.size,
      missing: sentIds.filter((id) => !different.has(id)).length,
      twice: stored.length - different.size,
      foreign: [...different].filter((id) => !known.has(id)).length,
    },
    faults,
  };
}

/** @returns whether all is accounted for */
function report(accounts: Map<string, Account>): boolean {
  const columns = [
    ...["room", "trouble", "tags sent", "recorded", "unread", "unsent", "in gaps", "short", "gaps, s"],
    ...["events sent", "stored", "twice", "lost"],
  ];
  const row = (cells: (string | number)[]): void =>
    say(cells.map((cell, index) => index < 2 ? String(cell).padEnd(18) : String(cell).padStart(12)).join(""));
  row(columns);
  const sums = columns.slice(2).map(() => 0);
  let fine = true;
  for (const [index, [name, { tags, unsent, gapMs, events, faults }]] of [...accounts].entries()) {
    const lost = tags.missing + unsent.outside + events.missing;
    const cells = [
      ...[tags.sent, tags.recorded, tags.unread],
      ...[unsent.inGaps + unsent.short + unsent.outside, unsent.inGaps, unsent.short],
      ...[Math.round(gapMs / 100) / 10, events.sent, events.stored, events.twice + tags.twice, lost],
    ];
    row([name, TROUBLES[index]?.kind ?? "", ...cells]);
    for (const [column, cell] of cells.entries()) sums[column] = Math.round(((sums[column] ?? 0) + cell) * 10) / 10;
    const wrong = lost + tags.twice + tags.foreign + events.twice + events.foreign;
    if (wrong === 0 && faults.length === 0 && tags.sent > 0 && events.sent > 0) continue;
    fine = false;
    say(`  UNACCOUNTED: ${JSON.stringify({ tags, unsent, events, faults })}`);
  }
  row(["all", "", ...sums]);
  return fine;
}

async function main(): Promise<boolean> {
  const dataDir = await mkdtemp(join(tmpdir(), "roomtone-bench-soak-"));
  const library = new MediaLibrary({ ffmpegPath: media().ffmpeg });
  const source = await library.source("origin");
  const standin = await startStandin({ seed: "soak", media: library });
  const system = new System(standin, dataDir);
  try {
    const url = await system.url;
    const names = Array.from({ length: ROOMS }, (_, index) => `soak.host${index}`);
    for (const name of names) {
      standin.room(name);
      await fetch(`${url}/watchlist/@${name}`, { method: "PUT" });
    }
    const begunAt = performance.now();
    for (const name of names) standin.room(name).startLive({ seed: name, durationMs: LIVE_MS });
    say(`${ROOMS} rooms for ${minutes} min`);
    let firstRssMb = 0;
    for (let nextTroubleMs = TROUBLE_EVERY_MS / 2; performance.now() - begunAt < LIVE_MS;) {
      await sleep(1_000);
      const elapsedMs = performance.now() - begunAt;
      if (firstRssMb === 0 && elapsedMs >= FIRST_LOOK_MS) firstRssMb = system.rssMb();
      if (elapsedMs < nextTroubleMs) continue;
      nextTroubleMs += TROUBLE_EVERY_MS;
      for (const [index, fault] of Object.entries(TROUBLES)) standin.room(`soak.host${index}`).fault(fault);
    }
    const [cpuS, lastRssMb] = [system.cpuS(), system.rssMb()];
    const isOpen = async () => {
      const { recordings } = await system.get<{ recordings: RecordingBody[] }>("/recordings?limit=100");
      return recordings.length < ROOMS || recordings.some(({ state }) => state !== "finished");
    };
    for (const giveUpAt = performance.now() + PATIENCE_MS; performance.now() < giveUpAt && await isOpen();) {
      await sleep(1_000);
    }
    const accounts = new Map<string, Account>();
    for (const name of names) {
      accounts.set(name, await accountOf(system, standin.room(name), source, join(dataDir, "recordings")));
    }
    const fine = report(accounts);
    const cores = cpuS / (LIVE_MS / 1_000);
    say(
      `memory (RSS) ${firstRssMb.toFixed(0)} MB after ${FIRST_LOOK_MS / 1_000} s, ${
        lastRssMb.toFixed(0)
      } MB at the end; ` +
        `CPU ${cpuS.toFixed(0)} s, ${(cores * 100).toFixed(0)} % of a core`,
    );
    for (const line of system.errors.slice(0, 20)) say(`  log: ${line}`);
    say(fine ? "all is accounted for" : "MISSED: not all is accounted for");
    return fine;
  } finally {
    await system.stop();
    await standin.stop();
    await rm(dataDir, { recursive: true });
  }
}

process.exit(await main() ? 0 : 1);
