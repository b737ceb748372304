/**
 * Recordings that are written in process, and a process that is killed: 20 of them, each at another moment of its
 * segment. What reached the disk is a recording.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { compareTags, judge, sampleHashes } from "../tests/judge/mod.ts";
import { MediaLibrary } from "../tests/standin/flv_source.ts";
import { type Standin, startStandin } from "../tests/standin/mod.ts";
import { createRandom } from "../tests/standin/prng.ts";
import { repair } from "./mod.ts";

const CHILD = fileURLToPath(new URL("../tests/fakes/record_child.ts", import.meta.url));
const CHILDREN = 2;
const LIVES = 10;
const seed = process.env["ROOMTONE_TEST_SEED"] ?? String(Date.now());

/** A recording whose process was killed. */
interface Killed {
  name: string;
  folder: string;
  /** Segments that were told of before. */
  told: number;
}

describe(`a recorder that is killed while it writes in process (ROOMTONE_TEST_SEED=${seed})`, () => {
  let dir: string;
  let standin: Standin;
  let killed: Killed[];
  const media = new MediaLibrary({ ffmpegPath: process.env["ROOMTONE_FFMPEG"] ?? "ffmpeg" });
  const children: ChildProcess[] = [];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-crash-"));
    standin = await startStandin({ seed, media });
    await standin.prepareMedia();
    const all = Array.from({ length: CHILDREN }, (_, child) => killOne(`crash${child}`));
    killed = (await Promise.all(all)).flat();
  });
  after(async () => {
    for (const child of children) child.kill("SIGKILL");
    await standin.stop();
    await rm(dir, { recursive: true });
  });

  /** Records lives that began at other moments, and kills their process. */
  async function killOne(prefix: string): Promise<Killed[]> {
    const random = createRandom(`${seed}/${prefix}`);
    const afterMs = random.int(4_000, 6_000);
    const names = Array.from({ length: LIVES }, (_, index) => `${prefix}.live${index}`);
    let lastMs = () => 0;
    for (const name of names) {
      const { elapsedMs } = standin.room(name).startLive({ seed: name, rate: 0.5 });
      const ageMs = random.int(0, 250);
      await standin.room(name).until(() => elapsedMs() > ageMs);
      lastMs = elapsedMs;
    }
    const child = spawn(
      process.execPath,
      [CHILD, JSON.stringify(standin.baseUrls), dir, names.join(), "", "inprocess"],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    children.push(child);
    const gone = new Promise((resolve) => child.on("exit", resolve));
    const folders = new Map<string, string>();
    const told = new Map<string, number>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { name, folder, index }: { name: string; folder?: string; index?: number } = JSON.parse(line);
      if (folder !== undefined) folders.set(name, folder);
      if (index !== undefined) told.set(name, index + 1);
    });
    const room = standin.room(names.at(-1) ?? "");
    await room.until(() => lastMs() > afterMs && names.every((name) => told.has(name)));
    child.kill("SIGKILL");
    await gone;
    return names.map((name) => ({ name, folder: folders.get(name) ?? "", told: told.get(name) ?? 0 }));
  }

  it("leaves everything on the disk once, up to the last fragment that is whole", async () => {
    const { tags } = await media.source("ld");
    const hashes = sampleHashes(tags);
    let more = 0;
    const manifests = await Promise.all(killed.map(({ folder }) => repair(folder)));
    for (const [index, { name, folder, told }] of killed.entries()) {
      const manifest = manifests[index];
      assert(manifest !== undefined);
      assertEquals([manifest.recovered, manifest.end.kind, manifest.gaps], [true, "failed", []]);
      const room = standin.room(name);
      const judgement = await judge(folder);
      const verdict = compareTags(judgement.packets, room.tags(), room.connections(), hashes);
      assertEquals([verdict.missing, verdict.twice, verdict.foreign], [[], [], []], name);
      assertEquals([judgement.backSteps, judgement.wrongFiles, judgement.closed], [0, [], true], name);
      assertEquals(judgement.listedMs, manifest.totals.durationMs, name);
      assert(manifest.totals.segments >= told, `${name}: ${manifest.totals.segments} segments of ${told}`);
      if (manifest.totals.segments > told) more++;
      assertEquals((await readdir(folder)).includes("work"), false);
    }
    assertEquals(killed.length, CHILDREN * LIVES);
    assert(more > killed.length / 4, `only ${more} of ${killed.length} have more than their closed segments`);
  });
});
