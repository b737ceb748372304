import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "@roomtone/functions/client";
import { loadConfig, localApi, LocalConfig, openLocalStore } from "@roomtone/functions/local";
import { findFfmpeg } from "@roomtone/recorder";
import { TikTok } from "@roomtone/sdk";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import type { CliIo } from "../io.ts";
import { UsageError } from "../usage_error.ts";
import { run } from "./recordings.ts";

const ID = "7300000000000000001";
const KEY = "rtk_a-secret";

describe("roomtone recordings clip", () => {
  let dir: string;
  let out: string[];
  let err: string[];
  let told: string[];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "roomtone-clip-cli-"));
    const part = join(dir, "recordings", "some.host", "1");
    await mkdir(part, { recursive: true });
    const ffmpeg = await findFfmpeg(undefined, process.env);
    const args = [
      ...["-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x96:r=10:d=8", "-c:v", "libx264", "-bf", "0", "-g", "10"],
      ...["-pix_fmt", "yuv420p", "-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "2", "-hls_list_size", "0"],
      ...["-hls_segment_filename", "segment_%d.m4s", "index.m3u8"],
    ];
    const { status, stderr } = spawnSync(ffmpeg, args, { cwd: part });
    assertEquals(status, 0, stderr.toString());
    const store = openLocalStore(loadConfig(LocalConfig, { ROOMTONE_DATA_DIR: dir }));
    await store.wantRecording({ roomId: ID, username: "some.host", title: "" }, 1);
    await store.claimRecordings({ owner: "a", now: 1, leaseMs: 60_000, limit: 1 });
    const lease = { recordingId: ID, token: 1 };
    await store.addPart(lease, { folder: "some.host/1", startedAt: 1 });
    await store.finishRecording(lease, { endedAt: 9_000, outcome: { kind: "ended" } });
    store.close();
  });
  beforeEach(() => {
    [out, err, told] = [[], [], []];
  });
  after(() => rm(dir, { recursive: true }));

  const io = (env: Record<string, string> = {}): CliIo => ({
    ...{ out: (line) => out.push(line), err: (line) => err.push(line), status: (line) => told.push(line) },
    env: { PATH: process.env["PATH"], ROOMTONE_FFMPEG: process.env["ROOMTONE_FFMPEG"], ...env },
    ...{ signal: new AbortController().signal, now: () => 0 },
  });
  const lengthOf = (path: string) => {
    const args = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path];
    return Number(spawnSync("ffprobe", args, { encoding: "utf8" }).stdout);
  };
  const near = (actual: number, expected: number) =>
    assert(Math.abs(actual - expected) < 0.25, `${actual}, not ${expected}`);

  it("makes a file of a stretch, tells how far it is, and where it really begins", async () => {
    const file = join(dir, "clip.mp4");
    const words = ["clip", ID, "--from", "0:02.5", "--to", "5", "--dir", dir, "--out", file];
    assertEquals(await run(words, io()), 0);
    near(lengthOf(file), 3);
    assertEquals(told, ["clip: 1 of 2 segments", "clip: 2 of 2 segments"]);
    assertStringIncludes(out.join(), `${file}: `);
    assertStringIncludes(out.join(), "from the keyframe at");
    [out, told] = [[], []];
    assertEquals(await run([...words, "--exact", "--json"], io()), 0);
    near(lengthOf(file), 2.5);
    const made = JSON.parse(out.join());
    assertEquals(
      [made.id, made.path, made.bytes, made.start_ms, made.gaps, told],
      [ID, file, (await stat(file)).size, 2_500, [], []],
    );
  });

  it("says what is wrong with the times, and with a recording that has none of them", async () => {
    const usual = ["clip", ID, "--dir", dir];
    for (
      const wrong of [[], ["--from", "1"], ["--from", "x", "--to", "5"], ["--from", "5", "--to", "5"], [
        ...["--from", "0", "--to", "7:00:00"],
      ], ["--from", "-1", "--to", "5"]]
    ) assert(await assertRejects(async () => await run([...usual, ...wrong], io())) !== undefined, wrong.join(" "));
    assert(await assertRejects(() => run([...usual, "--from", "5", "--to", "4"], io())) instanceof UsageError);
    assert(await assertRejects(() => run(["ls", "--exact", "--dir", dir], io())) instanceof UsageError);
    const late = await assertRejects(() => run([...usual, "--from", "20", "--to", "25"], io()));
    assertStringIncludes(String(late), "the recording ends at 8.000 s");
    const none = await assertRejects(() => run(["clip", "1", "--from", "0", "--to", "5", "--dir", dir], io()));
    assert(none instanceof AppError && none.code === "not_found");
  });

  describe("of an API", () => {
    const stops: (() => Promise<void>)[] = [];
    afterEach(async () => {
      for (const stop of stops.splice(0)) await stop();
    });
    const serve = async (listener: RequestListener) => {
      const server = createServer(listener);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      stops.push(() =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(() => resolve());
        })
      );
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    /** An API whose files are in a bucket: some named in the playlist, the init segment behind a redirect. */
    const startApi = async () => {
      const part = join(dir, "recordings", "some.host", "1");
      const keys = { api: new Set<string | undefined>(), bucket: new Set<string | undefined>() };
      const asked: string[] = [];
      const bucket = await serve(async ({ url = "", headers }, response) => {
        keys.bucket.add(headers.authorization);
        asked.push(url);
        response.end(await readFile(join(part, new URL(url, "http://b").pathname.slice(1))));
      });
      const api = localApi(loadConfig(LocalConfig, { ROOMTONE_DATA_DIR: dir }), new TikTok(), () => {});
      stops.push(() => Promise.resolve(api.close()));
      const url = await serve(async ({ url = "", headers }, response) => {
        keys.api.add(headers.authorization);
        const path = url.replace("/live", "");
        if (path.endsWith("/init.mp4")) return void response.writeHead(302, { location: `${bucket}/init.mp4` }).end();
        const answer = await api.fetch(new Request(`http://127.0.0.1${path}`));
        const text = await answer.text();
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(text.replaceAll(/^parts\/1\/(segment_\d+\.m4s)$/gm, `${bucket}/$1?X-Amz-Signature=hidden`));
      });
      return { url: `${url}/live`, keys, asked };
    };

    it("reads only what it needs, and shows its key to nobody else", async () => {
      const { url, keys, asked } = await startApi();
      const file = join(dir, "remote.mp4");
      const env = { ROOMTONE_REMOTE: url, ROOMTONE_KEY: KEY };
      assertEquals(await run(["clip", ID, "--from", "2", "--to", "4", "--out", file], io(env)), 0);
      near(lengthOf(file), 2);
      assertEquals([[...keys.api], [...keys.bucket]], [[`Bearer ${KEY}`], [undefined]]);
      assertEquals(asked, ["/init.mp4", "/segment_1.m4s?X-Amz-Signature=hidden"]);
      assert(![...out, ...err, ...told].join().includes("hidden"));
    });

    it("tells a file that is gone without its signed address, and leaves nothing", async () => {
      const bucket = await serve((_, response) => void response.writeHead(403).end("<Error/>"));
      const playlist =
        `#EXTM3U\n#EXT-X-MAP:URI="${bucket}/init.mp4?X-Amz-Signature=hidden"\n#EXTINF:2.0,\nsegment_0.m4s\n`;
      const api = localApi(loadConfig(LocalConfig, { ROOMTONE_DATA_DIR: dir }), new TikTok(), () => {});
      stops.push(() => Promise.resolve(api.close()));
      const url = await serve(async ({ url = "" }, response) => {
        if (url.endsWith(".m3u8")) return void response.end(playlist);
        const answer = await api.fetch(new Request(`http://127.0.0.1${url}`));
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
      });
      const before = await readdir(dir);
      const words = ["clip", ID, "--from", "0", "--to", "2", "--out", join(dir, "gone.mp4")];
      const error = await assertRejects(() => run(words, io({ ROOMTONE_REMOTE: url })));
      assert(error instanceof AppError && error.code === "forbidden", String(error));
      assert(!JSON.stringify([error.message, error.remedy, error.evidence]).includes("hidden"));
      assertEquals(await readdir(dir), before);
    });
  });
});
