import { assert, assertEquals } from "@std/assert";
import type { Hono } from "hono";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import * as v from "valibot";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { folderFiles } from "../adapters/local/folder_files.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { EventsReply, RecordingReply, RecordingsReply } from "../contract/schemas.ts";
import { addToTotals, unpackBatch } from "../core/add_totals.ts";
import { packEvents } from "../core/event_batches.ts";
import type { EventLine } from "../ports/recorder.ts";
import type { Lease } from "../ports/recording_store.ts";
import { createApp } from "./app.ts";
import { readRange } from "./range.ts";

const ID = "7300000000000000001";
const BYTES = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);

describe("createApp(): recordings", () => {
  let root: string;
  let store: SqliteStore;
  let clock: ManualClock;
  let app: Hono;
  let lease: Lease;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "roomtone-files-"));
    store = sqliteStore(":memory:");
    clock = new ManualClock();
    const system = { store, clock, files: folderFiles(root) };
    app = createApp({ system, logger: new CaptureLogger(), loopbackOnly: true });
    await store.wantRecording({ roomId: ID, username: "host", title: "hello" }, clock.now());
    const [claimed] = await store.claimRecordings({ owner: "a", now: clock.now(), leaseMs: 1_000, limit: 1 });
    lease = { recordingId: ID, token: claimed?.leaseToken ?? 0 };
  });
  afterEach(async () => {
    store.close();
    await rm(root, { recursive: true });
  });

  const get = async (path: string, headers: Record<string, string> = {}) => await app.request(path, { headers });
  const statusOf = async (path: string, headers: Record<string, string> = {}) => (await get(path, headers)).status;

  async function addVideo(): Promise<void> {
    await mkdir(join(root, "host", "1"), { recursive: true });
    await writeFile(join(root, "host", "1", "segment_0.m4s"), BYTES);
    await writeFile(
      join(root, "host", "1", "index.m3u8"),
      '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:6.0,\nsegment_0.m4s\n',
    );
    await store.addPart(lease, { folder: "host/1", startedAt: clock.now() });
    const segment = { part: 1, index: 0, uri: "segment_0.m4s", startAt: clock.now(), durationMs: 6_000 };
    await store.addSegment(lease, { ...segment, bytes: BYTES.length, sha256: "00" });
  }

  async function addEvents(...texts: string[][]): Promise<void> {
    let seq = await store.openEvents(lease, clock.now());
    for (const batch of texts) {
      const lines = batch.map((text): EventLine => ({
        type: "chat",
        id: "",
        at: 5,
        diamonds: 0,
        json: JSON.stringify({ text }),
      }));
      for (const packed of await packEvents(lines, { ...lease, seq })) {
        await store.appendEvents(packed);
        seq = packed.seq + 1;
      }
    }
    const log = await store.listEvents(ID, { after: 0, limit: 100 });
    await addToTotals(store, ID, await Promise.all(log.map(unpackBatch)));
  }

  it("lists recordings, and shows one with its totals", async () => {
    await addVideo();
    await addEvents(["a", "b"]);
    await store.finishRecording(lease, { endedAt: clock.now() + 9, outcome: { kind: "ended" } });
    const shown: unknown = await (await get(`/recordings/${ID}`)).json();
    assertEquals(v.parse(RecordingReply, shown), {
      id: ID,
      room_id: ID,
      username: "host",
      title: "hello",
      state: "finished",
      created_at: clock.now(),
      started_at: clock.now(),
      ended_at: clock.now() + 9,
      outcome: { kind: "ended" },
      kept: false,
      segments: 1,
      bytes: BYTES.length,
      duration_ms: 6_000,
      parts: [{ part: 1, folder: "host/1", started_at: clock.now() }],
      playlist: `/recordings/${ID}/index.m3u8`,
      events: `/recordings/${ID}/events`,
      totals: {
        ...{
          events: 2,
          types: { chat: 2 },
          diamonds: 0,
          gifts: 0,
          likes: 0,
          chats: 2,
          follows: 0,
          shares: 0,
          joins: 0,
        },
        ...{ peak_viewers: 0, gifters: 0, top_gifters: [], first_at: 5, last_at: 5, after: "2", complete: true },
      },
    });
    const list = v.parse(RecordingsReply, await (await get("/recordings?limit=5")).json());
    assertEquals(list.recordings.map(({ id }) => id), [ID]);
    assertEquals(await statusOf("/recordings/1"), 404);
    assertEquals(await statusOf("/recordings/abc"), 400);
  });

  it("pages through the events until the recording is over", async () => {
    await addEvents(["a", "b"], ["c"], ["d"]);
    const page = async (query: string) =>
      v.parse(EventsReply, await (await get(`/recordings/${ID}/events${query}`)).json());
    const texts = (reply: EventsReply) => reply.events.map((event) => event["text"]);
    const pages: [string[], string][] = [];
    for (let after = "0"; pages.length < 4;) {
      const reply = await page(`?limit=1&after=${after}`);
      pages.push([texts(reply) as string[], reply.after]);
      ({ after } = reply);
    }
    assertEquals(pages, [[["a"], "1-1"], [["b"], "2"], [["c"], "3"], [["d"], "4"]]);
    const rest = await page("?limit=3&after=1-1");
    assertEquals([texts(rest), rest.after, rest.finished], [["b", "c", "d"], "4", false]);
    assertEquals(await page(`?after=4`), { events: [], after: "4", finished: false });
    await store.finishRecording(lease, { endedAt: clock.now(), outcome: { kind: "ended" } });
    assertEquals(await page(`?after=4`), { events: [], after: "4", finished: true });
    assertEquals(texts(await page("")), ["a", "b", "c", "d"]);
    assertEquals(await statusOf("/recordings/1/events"), 404);
    assertEquals(await statusOf(`/recordings/${ID}/events?after=x&limit=9999`), 400);
  });

  it("what a killed recorder stored is played, also where its playlist does not name it", async () => {
    await addVideo();
    const late = { part: 1, index: 1, uri: "segment_1.m4s", startAt: clock.now() + 6_000, durationMs: 6_000 };
    await store.addSegment(lease, { ...late, bytes: 9, sha256: "00" });
    const named = async () => (await (await get(`/recordings/${ID}/index.m3u8`)).text()).match(/^parts.*$/gm);
    // While somebody records, its playlist is about to name it.
    assertEquals(await named(), ["parts/1/segment_0.m4s"]);
    const [next] = await store.claimRecordings({ owner: "b", now: clock.now() + 1_000, leaseMs: 1_000, limit: 1 });
    const token = next?.leaseToken ?? 0;
    await store.addPart({ recordingId: ID, token }, { folder: "host/2", startedAt: clock.now() });
    assertEquals(await named(), ["parts/1/segment_0.m4s", "parts/1/segment_1.m4s"]);
    await writeFile(
      join(root, "host", "1", "index.m3u8"),
      "#EXTM3U\n#EXTINF:6.0,\nsegment_0.m4s\n#EXT-X-ENDLIST\n",
    );
    assertEquals(await named(), ["parts/1/segment_0.m4s"]);
  });

  it("serves the playlist over all parts, and the files that it names", async () => {
    assertEquals(await statusOf(`/recordings/${ID}/index.m3u8`), 404);
    await addVideo();
    const playlist = await get(`/recordings/${ID}/index.m3u8`);
    assertEquals(playlist.headers.get("content-type"), "application/vnd.apple.mpegurl");
    const lines = (await playlist.text()).split("\n");
    assert(lines.includes("parts/1/segment_0.m4s") && lines.includes('#EXT-X-MAP:URI="parts/1/init.mp4"'));
    const whole = await get(`/recordings/${ID}/parts/1/segment_0.m4s`);
    assertEquals([whole.status, whole.headers.get("content-type")], [200, "video/iso.segment"]);
    assertEquals(whole.headers.get("content-length"), String(BYTES.length));
    assertEquals(whole.headers.get("accept-ranges"), "bytes");
    assertEquals(new Uint8Array(await whole.arrayBuffer()), BYTES);
  });

  it("serves ranges of files", async () => {
    await addVideo();
    const path = `/recordings/${ID}/parts/1/segment_0.m4s`;
    for (
      const [header, start, end] of [
        ["bytes=0-0", 0, 0],
        ["bytes=65530-65545", 65_530, 65_545],
        ["bytes=199990-", 199_990, 199_999],
        ["bytes=199990-999999", 199_990, 199_999],
        ["bytes=-10", 199_990, 199_999],
        ["bytes=-999999", 0, 199_999],
      ] as const
    ) {
      const response = await get(path, { range: header });
      assertEquals([response.status, response.headers.get("content-range")], [206, `bytes ${start}-${end}/200000`]);
      assertEquals(new Uint8Array(await response.arrayBuffer()), BYTES.slice(start, end + 1));
    }
    for (const header of ["bytes=200000-", "bytes=-0"]) {
      const refused = await get(path, { range: header });
      assertEquals([refused.status, refused.headers.get("content-range")], [416, "bytes */200000"]);
    }
    for (const header of ["bytes=5-1", "bytes=0-1,4-5", "lines=1-2", "bytes=a-b"]) {
      assertEquals(await statusOf(path, { range: header }), 200);
    }
  });

  it("answers HEAD, conditions, and ranges of a version that the caller has a part of", async () => {
    await addVideo();
    const path = `/recordings/${ID}/parts/1/segment_0.m4s`;
    const head = await app.request(path, { method: "HEAD" });
    assertEquals([head.status, head.headers.get("content-length"), await head.text()], [200, "200000", ""]);
    const etag = head.headers.get("etag") ?? "";
    const modified = head.headers.get("last-modified") ?? "";
    assert(/^"[^"]+"$/.test(etag) && modified !== "");
    assertEquals(await statusOf(path, { "if-none-match": etag }), 304);
    assertEquals(await statusOf(path, { "if-none-match": `"other", W/${etag}` }), 304);
    assertEquals(await statusOf(path, { "if-none-match": '"other"' }), 200);
    assertEquals(await statusOf(path, { "if-modified-since": modified }), 304);
    assertEquals(await statusOf(path, { range: "bytes=0-9", "if-range": etag }), 206);
    assertEquals(await statusOf(path, { range: "bytes=0-9", "if-range": '"other"' }), 200);
    await writeFile(join(root, "host", "1", "segment_0.m4s"), "changed");
    assertEquals(await statusOf(path, { range: "bytes=0-1", "if-range": etag }), 200);
  });

  it("serves nothing outside the recording's folders", async () => {
    await addVideo();
    await writeFile(join(root, "secret.txt"), "secret");
    const base = `/recordings/${ID}/parts`;
    for (const name of ["..%2Fsecret.txt", "..%2F..%2Fetc%2Fpasswd", ".hidden", "a%00b", "%2Fetc%2Fpasswd", "..."]) {
      assertEquals(await statusOf(`${base}/1/${name}`), 400, name);
    }
    for (const path of ["/1/nothing.m4s", "/2/segment_0.m4s", "/1/"]) {
      assertEquals(await statusOf(`${base}${path}`), 404);
    }
    assertEquals(await statusOf(`${base}/x/segment_0.m4s`), 400);
    assertEquals(await statusOf(`/recordings/1/parts/1/segment_0.m4s`), 404);
  });
});

describe("readRange()", () => {
  const file = { size: 100, etag: '"v1"', modifiedAt: Date.parse("2026-01-02T03:04:05Z") + 678 };
  const read = (range: string, ifRange?: string) =>
    readRange(new Headers({ range, ...ifRange === undefined ? {} : { "if-range": ifRange } }), file);

  it("reads one range of bytes and nothing else", () => {
    assertEquals(read("bytes=5-"), { start: 5, length: 95 });
    assertEquals(read("bytes=5-9"), { start: 5, length: 5 });
    assertEquals(read("bytes=-9"), { start: 91, length: 9 });
    for (const each of ["", "bytes=-", "bytes=9-5", "bytes=1-2,5-6", "items=1-2"]) assertEquals(read(each), undefined);
    for (const each of ["bytes=100-", "bytes=-0"]) assertEquals(read(each), "unsatisfiable");
  });

  it("gives the whole file to a caller whose part is of another version", () => {
    for (const same of ['"v1"', "Fri, 02 Jan 2026 03:04:05 GMT"]) {
      assertEquals(read("bytes=5-9", same), { start: 5, length: 5 });
    }
    for (const other of ['"v2"', 'W/"v1"', "Fri, 02 Jan 2026 03:04:04 GMT", "soon"]) {
      assertEquals(read("bytes=5-9", other), undefined);
    }
  });
});
