import { assert, assertEquals } from "@std/assert";
import type { Hono } from "hono";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import * as v from "valibot";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { FakeLookup } from "../../tests/fakes/fake_lookup.ts";
import { ManualClock, until } from "../../tests/fakes/manual_clock.ts";
import { folderFiles } from "../adapters/local/folder_files.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { EventsReply, Problem, RecordingReply, RecordingsReply, RecordingTotalsReply } from "../contract/schemas.ts";
import { addToTotals, unpackBatch } from "../core/add_totals.ts";
import { packEvents } from "../core/event_batches.ts";
import type { EventLine } from "../ports/recorder.ts";
import type { Lease } from "../ports/recording_store.ts";
import { createApp } from "./app.ts";

const ID = "7300000000000000001";

describe("createApp(): recordings by hand", () => {
  let root: string;
  let store: SqliteStore;
  let clock: ManualClock;
  let lookup: FakeLookup;
  let app: Hono;
  let finished: string[];
  let waiting: number[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "roomtone-files-"));
    store = sqliteStore(":memory:");
    clock = new ManualClock();
    lookup = new FakeLookup();
    finished = [];
    waiting = [];
    const launcher = { ensureCapacity: (count: number) => Promise.resolve(void waiting.push(count)) };
    const finish = (id: string) => void finished.push(id);
    app = createApp({
      system: { store, clock, lookup, launcher, finish, files: folderFiles(root), streams: true },
      logger: new CaptureLogger(),
      loopbackOnly: true,
    });
  });
  afterEach(async () => {
    store.close();
    await rm(root, { recursive: true });
  });

  const ask = async (method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> => {
    const response = await app.request(path, {
      method,
      ...body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } },
    });
    const text = await response.text();
    return { status: response.status, json: text === "" ? undefined : JSON.parse(text) as unknown };
  };
  const start = (username: string) => ask("POST", "/recordings", { username });
  const codeOf = (json: unknown) => v.parse(Problem, json).code;

  async function claim(): Promise<Lease> {
    const [claimed] = await store.claimRecordings({ owner: "a", now: clock.now(), leaseMs: 60_000, limit: 1 });
    assert(claimed !== undefined);
    return { recordingId: claimed.id, token: claimed.leaseToken };
  }
  const line = (type: string, text: string): EventLine => (
    { type, id: "", at: 5, diamonds: 0, json: JSON.stringify({ type, text }) }
  );
  /** Starts and claims a recording. */
  async function running(): Promise<{ lease: Lease; add(...lines: EventLine[]): Promise<void> }> {
    lookup.live("host", ID);
    await start("host");
    const lease = await claim();
    let seq = await store.openEvents(lease, clock.now());
    return {
      lease,
      async add(...lines) {
        for (const batch of await packEvents(lines, { ...lease, seq })) {
          await store.appendEvents(batch);
          await addToTotals(store, batch.recordingId, [await unpackBatch(batch)]);
          seq = batch.seq + 1;
        }
      },
    };
  }

  it("takes a quality: of the call, else of the watch; a later call changes it", async () => {
    lookup.live("host", ID);
    await store.putWatch("host", clock.now(), { quality: "sd" });
    const asked = async (body: unknown) =>
      v.parse(RecordingReply, (await ask("POST", "/recordings", body)).json).quality;
    assertEquals(await asked({ username: "host" }), "sd");
    assertEquals(await asked({ username: "host", quality: "hd" }), "hd");
    assertEquals(await asked({ username: "host" }), "hd");
    await store.noteQuality(await claim(), "ld");
    assertEquals(v.parse(RecordingReply, (await ask("GET", `/recordings/${ID}`)).json).recorded_quality, "ld");
    const { status, json } = await ask("POST", "/recordings", { username: "host", quality: "4k" });
    assertEquals([status, codeOf(json)], [400, "invalid_input"]);
    await ask("POST", `/recordings/${ID}/stop`);
    const [{ id, leaseToken } = { id: "", leaseToken: 0 }] = (await store.listRecordings({ limit: 1 })).items;
    await store.finishRecording({ recordingId: id, token: leaseToken }, {
      endedAt: clock.now(),
      outcome: { kind: "stopped" },
    });
    const again = await ask("POST", "/recordings", { username: "host", quality: "origin" });
    assertEquals([again.status, v.parse(RecordingReply, again.json).quality], [201, "origin"]);
  });

  it("starts to record a host who is live, once for a room", async () => {
    lookup.live("host", ID);
    const first = await start("@Host");
    assertEquals(first.status, 201);
    assertEquals(v.parse(RecordingReply, first.json).state, "wanted");
    assertEquals(waiting, [1]);
    assertEquals((await start("host")).status, 200);
    await claim();
    const again = await start("host");
    assertEquals([again.status, v.parse(RecordingReply, again.json).id], [200, ID]);
    assertEquals(waiting, [1, 1]);
  });

  it("says why it cannot start", async () => {
    lookup.offline("away");
    lookup.fails("refused", "captcha");
    for (
      const [name, status, code] of [
        ["away", 404, "offline"],
        ["refused", 503, "captcha"],
        ["nobody", 404, "not_found"],
        ["no name", 400, "invalid_input"],
      ] as const
    ) {
      const answer = await start(name);
      assertEquals([answer.status, codeOf(answer.json)], [status, code], name);
    }
    assertEquals((await ask("POST", "/recordings", {})).status, 400);
    assertEquals((await store.listRecordings({ limit: 1 })).items, []);
  });

  it("stops a recording: at once where nobody records it, else by its recorder", async () => {
    lookup.live("host", ID);
    await start("host");
    const waited = await ask("POST", `/recordings/${ID}/stop`);
    assertEquals([waited.status, v.parse(RecordingReply, waited.json).outcome?.kind], [200, "stopped"]);
    assertEquals(finished, []);
    assertEquals((await start("host")).status, 201);
    const lease = await claim();
    const asked = await ask("POST", `/recordings/${ID}/stop`);
    const reply = v.parse(RecordingReply, asked.json);
    assertEquals([asked.status, reply.state, reply.stop_requested_at], [202, "recording", clock.now()]);
    assertEquals(finished, [ID]);
    const early = await start("host");
    assertEquals([early.status, codeOf(early.json)], [409, "conflict"]);
    await store.finishRecording(lease, { endedAt: clock.now(), outcome: { kind: "stopped" } });
    assertEquals((await ask("POST", `/recordings/${ID}/stop`)).status, 200);
    assertEquals((await ask("POST", "/recordings/1/stop")).status, 404);
  });

  it("deletes a finished recording with all that it holds, and no other", async () => {
    const { lease, add } = await running();
    await add(line("chat", "a"));
    await mkdir(join(root, "host", "1"), { recursive: true });
    await mkdir(join(root, "host", "2"), { recursive: true });
    await writeFile(join(root, "host", "1", "segment_0.m4s"), "x");
    await store.addPart(lease, { folder: "host/1", startedAt: clock.now() });
    const early = await ask("DELETE", `/recordings/${ID}`);
    assertEquals([early.status, codeOf(early.json)], [409, "conflict"]);
    await store.finishRecording(lease, { endedAt: clock.now(), outcome: { kind: "ended" } });
    assertEquals((await ask("DELETE", `/recordings/${ID}`)).status, 204);
    assertEquals((await ask("DELETE", `/recordings/${ID}`)).status, 404);
    for (const path of ["", "/events", "/totals", "/index.m3u8", "/parts/1/segment_0.m4s"]) {
      assertEquals((await ask("GET", `/recordings/${ID}${path}`)).status, 404);
    }
    assertEquals(await stat(join(root, "host", "1")).catch(() => "gone"), "gone");
    assert((await stat(join(root, "host", "2"))).isDirectory());
  });

  it("goes on with a deletion that was cut short; until then nobody sees the recording", async () => {
    const { lease } = await running();
    await store.finishRecording(lease, { endedAt: clock.now(), outcome: { kind: "ended" } });
    await store.retireRecording(ID);
    assertEquals((await ask("GET", `/recordings/${ID}`)).status, 404);
    assertEquals((await ask("POST", `/recordings/${ID}/stop`)).status, 404);
    assertEquals((await start("host")).status, 409);
    assertEquals((await ask("DELETE", `/recordings/${ID}`)).status, 204);
    assertEquals((await start("host")).status, 201);
  });

  it("lists the recordings of one host, or of one state", async () => {
    for (const [index, name] of ["one", "two", "one"].entries()) {
      await store.wantRecording({ roomId: `${index + 1}`, username: name, title: "" }, clock.now() + index);
    }
    await claim();
    const ids = async (query: string) =>
      v.parse(RecordingsReply, (await ask("GET", `/recordings?${query}`)).json).recordings.map(({ id }) => id);
    assertEquals(await ids("username=@ONE"), ["3", "1"]);
    assertEquals(await ids("state=recording"), ["1"]);
    assertEquals(await ids("username=one&state=wanted"), ["3"]);
    const wrong = await ask("GET", "/recordings?state=deleting&limit=0");
    assertEquals(v.parse(Problem, wrong.json).parameters?.map(({ name }) => name).sort(), ["limit", "state"]);
  });

  it("tells totals, also before the first event", async () => {
    const { add } = await running();
    const totals = async () => v.parse(RecordingTotalsReply, (await ask("GET", `/recordings/${ID}/totals`)).json);
    const nothing = { events: 0, diamonds: 0, gifts: 0, likes: 0, chats: 0, follows: 0, shares: 0, joins: 0 };
    assertEquals(await totals(), {
      ...{ ...nothing, types: {}, peak_viewers: 0, gifters: 0, top_gifters: [], viewers_by_minute: [] },
      ...{ after: "0", complete: true },
    });
    await add(line("chat", "a"), line("share", "b"));
    const { events, types, after } = await totals();
    assertEquals([events, types, after], [2, { chat: 1, share: 1 }, "2"]);
    assertEquals((await ask("GET", "/recordings/1/totals")).status, 404);
  });

  describe("events", () => {
    const page = async (query: string, signal?: AbortSignal) => {
      const response = await app.request(`/recordings/${ID}/events?${query}`, { signal: signal ?? null });
      assertEquals(response.status, 200);
      const { events, ...rest } = v.parse(EventsReply, await response.json());
      return { ...rest, texts: events.map((event) => event["text"]) };
    };

    it("gives events of the wanted types only, and goes past the others", async () => {
      const { add } = await running();
      for (let i = 0; i < 12; i++) await add(line("like", `l${i}`), line("chat", `c${i}`));
      await add(line("gift", "g"));
      assertEquals((await page("types=gift")).texts, ["g"]);
      assertEquals((await page("types=gift,chat&limit=3&after=11")).texts, ["c10", "c11", "g"]);
      const first = await page("types=chat&limit=1");
      assertEquals((await page(`types=chat&limit=1&after=${first.after}`)).texts, ["c1"]);
      assertEquals(await page("types=battle"), { texts: [], after: "14", finished: false });
      assertEquals((await ask("GET", `/recordings/${ID}/events?types=a%20b`)).status, 400);
    });

    it("waits for the next event, no longer than asked, and not at the end", async () => {
      const { lease, add } = await running();
      await add(line("chat", "a"));
      const next = page("after=2&types=chat&waitMs=20000");
      await until(() => clock.sleeping() > 0);
      await add(line("like", "l"));
      await clock.advance(600);
      await until(() => clock.sleeping() > 0);
      await add(line("chat", "b"));
      await clock.advance(600);
      assertEquals(await next, { texts: ["b"], after: "4", finished: false });

      const nothing = page("after=4&waitMs=3000");
      await until(() => clock.sleeping() > 0);
      const asked = clock.now();
      await clock.advance(3_000);
      assertEquals(await nothing, { texts: [], after: "4", finished: false });
      assertEquals(clock.now() - asked, 3_000);

      await store.finishRecording(lease, { endedAt: clock.now(), outcome: { kind: "ended" } });
      assertEquals(await page("after=4&waitMs=20000"), { texts: [], after: "4", finished: true });
      assertEquals((await ask("GET", `/recordings/${ID}/events?waitMs=20001`)).status, 400);
    });

    it("stops waiting when the client goes away", async () => {
      await running();
      const client = new AbortController();
      const waiting = page("after=1&waitMs=20000", client.signal);
      await until(() => clock.sleeping() > 0);
      client.abort();
      assertEquals((await waiting).texts, []);
      assertEquals(clock.sleeping(), 0);
    });

    it("sends server-sent events as they come, goes on from the last one seen, and says when all is over", async () => {
      const { lease, add } = await running();
      await add(line("chat", "a"), line("chat", "b"));
      const stream = (headers: Record<string, string> = {}) =>
        app.request(`/recordings/${ID}/events`, { headers: { accept: "text/event-stream", ...headers } });
      const response = await stream();
      assertEquals(response.headers.get("content-type"), "text/event-stream");
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      assert(reader !== undefined);
      let text = "";
      const heard = async (part: string) => {
        while (!text.includes(part)) text += (await reader.read()).value ?? assert(false, text);
      };
      await heard('id: 1-1\ndata: {"type":"chat","text":"a"}\n\nid: 2\ndata: {"type":"chat","text":"b"}\n\n');
      const next = heard("id: 3\n");
      await until(() => clock.sleeping() > 0);
      await add(line("chat", "c"));
      await clock.advance(1_000);
      await next;
      const alive = heard(": alive\n\n");
      await until(() => clock.sleeping() > 0);
      await clock.advance(20_000);
      await alive;
      const end = heard("event: finished\n");
      await store.finishRecording(lease, { endedAt: clock.now(), outcome: { kind: "ended" } });
      await clock.advance(1_000);
      await end;
      assertEquals((await reader.read()).done, true);
      const resumed = await (await stream({ "last-event-id": "1-1" })).text();
      assert(resumed.includes('"b"') && resumed.includes('"c"') && !resumed.includes('"a"'), resumed);
      assertEquals((await stream({ "last-event-id": "3" })).status, 204);
      assertEquals((await stream({ "last-event-id": "zzz" })).status, 200);
    });

    it("a stream that its reader gives up looks no more", async () => {
      await running();
      const response = await app.request(`/recordings/${ID}/events`, { headers: { accept: "text/event-stream" } });
      const reader = response.body?.getReader();
      await reader?.read();
      const reading = reader?.read();
      await until(() => clock.sleeping() > 0);
      await reader?.cancel();
      await reading;
      assertEquals(clock.sleeping(), 0);
    });
  });
});
