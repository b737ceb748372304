import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CaptureLogger } from "../../tests/fakes/capture_logger.ts";
import { ManualClock } from "../../tests/fakes/manual_clock.ts";
import { type SqliteStore, sqliteStore } from "../adapters/local/sqlite_store.ts";
import { apiClient } from "../client/api_client.ts";
import { packEvents } from "../core/event_batches.ts";
import { KnownPeople } from "../core/event_people.ts";
import type { Lease } from "../ports/recording_store.ts";
import { createApp } from "./app.ts";

const ID = "7300000000000000001";
const T0 = Date.UTC(2026, 0, 1);
const ANN = { id: "5", username: "ann", nickname: "Ann <3 & co", badges: [], verified: false };

describe("exports of a recording", () => {
  let store: SqliteStore;
  let lease: Lease;
  let people: KnownPeople;
  let seq: number;

  beforeEach(async () => {
    store = sqliteStore(":memory:");
    await store.wantRecording({ roomId: ID, username: "host", title: "" }, T0);
    const [claimed] = await store.claimRecordings({ owner: "a", now: T0, leaseMs: 1_000, limit: 1 });
    lease = { recordingId: ID, token: claimed?.leaseToken ?? 0 };
    people = new KnownPeople();
    seq = await store.openEvents(lease, T0);
  });
  afterEach(() => store.close());

  const app = (streams: boolean) =>
    createApp({
      system: { store, clock: new ManualClock(T0), streams },
      logger: new CaptureLogger(),
      loopbackOnly: true,
    });
  const add = async (...events: Record<string, unknown>[]) => {
    const lines = events.map((event) => ({
      ...{ type: String(event["type"]), id: String(event["id"] ?? ""), at: Number(event["at"] ?? T0), diamonds: 0 },
      json: JSON.stringify(event),
    }));
    for (const batch of await packEvents(lines, { ...lease, seq }, people)) {
      await store.appendEvents(batch);
      seq++;
    }
  };
  const segment = (part: number, index: number, startAt: number) =>
    store.addSegment(lease, {
      ...{ part, index, uri: `segment_${index}.m4s`, startAt, durationMs: 6_000, bytes: 1, sha256: "00" },
    });
  const chat = (text: string, at: number, more = {}) => ({
    ...{ type: "chat", id: `m${at}`, at, receivedAt: at, history: false, user: ANN, text },
    ...more,
  });
  const get = async (file: string, streams = true) => await app(streams).request(`/recordings/${ID}/${file}`);

  it("events.jsonl holds every event with its whole user", async () => {
    const events = [chat("a", T0), chat("b", T0 + 1), { type: "viewers", id: "v", at: T0 + 2, count: 3 }];
    await add(...events.slice(0, 1));
    await add(...events.slice(1));
    const answer = await get("events.jsonl");
    assertEquals(answer.headers.get("content-type"), "application/x-ndjson");
    assertEquals(answer.headers.get("content-disposition"), `attachment; filename="${ID}.jsonl"`);
    assertEquals(await answer.text(), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  });

  it("events.csv has one line an event, and no cell that a spreadsheet would run", async () => {
    const gift = { type: "gift", id: "g", at: T0 + 1, user: ANN, name: "Rose", count: 2, total: 4, value: 10 };
    await add(
      chat('=HYPERLINK("http://x.example","you, won")', T0),
      gift,
      chat("two\nlines", T0 + 2, { history: true }),
    );
    for (const text of ["+1", "-1", "@x", "\tx", " =1"]) await add(chat(text, T0 + 3, { user: undefined }));
    const answer = await get("events.csv");
    assertEquals(answer.headers.get("content-type"), "text/csv; charset=utf-8");
    assertEquals(
      await answer.text(),
      [
        "at,type,id,user_id,username,nickname,text,gift,count,total,diamonds,history",
        `2026-01-01T00:00:00.000Z,chat,m${T0},5,ann,Ann <3 & co,"'=HYPERLINK(""http://x.example"",""you, won"")",,,,,`,
        "2026-01-01T00:00:00.001Z,gift,g,5,ann,Ann <3 & co,,Rose,2,4,10,",
        `2026-01-01T00:00:00.002Z,chat,m${T0 + 2},5,ann,Ann <3 & co,"two\nlines",,,,,true`,
        ...["'+1", "'-1", "'@x", "'\tx", " =1"].map((text) =>
          `2026-01-01T00:00:00.003Z,chat,m${T0 + 3},,,,${text},,,,,`
        ),
        "",
      ].join("\r\n"),
    );
  });

  it("chat.vtt is on the clock of the video, over gaps and parts, and holds no markup of others", async () => {
    // 6 s of video, 10 s of nothing, 6 s, and another part a minute later.
    await segment(1, 0, T0 + 1_000);
    await segment(1, 1, T0 + 17_000);
    await segment(2, 0, T0 + 80_000);
    await add(
      chat("before", T0),
      chat("old", T0 - 60_000, { history: true, receivedAt: T0 }),
      chat("1.5 s in", T0 + 2_500),
      chat("in the gap", T0 + 12_000),
      { type: "like", id: "l", at: T0 },
      chat("</v><b>--> & \n\nNOTE", T0 + 18_000),
      chat("in part 2", T0 + 81_000),
      chat("later", T0 + 3_700_000),
    );
    const answer = await get("chat.vtt");
    assertEquals(answer.headers.get("content-type"), "text/vtt; charset=utf-8");
    const cue = (start: string, end: string, text: string) => `${start} --> ${end}\n<v Ann &lt;3 &amp; co>${text}\n\n`;
    assertEquals(
      await answer.text(),
      [
        "WEBVTT\n\n",
        cue("00:00:00.000", "00:00:05.000", "before"),
        cue("00:00:01.500", "00:00:06.500", "1.5 s in"),
        cue("00:00:06.000", "00:00:11.000", "in the gap"),
        cue("00:00:07.000", "00:00:12.000", "&lt;/v&gt;&lt;b&gt;--&gt; &amp; NOTE"),
        cue("00:00:13.000", "00:00:18.000", "in part 2"),
        cue("00:00:18.000", "00:00:23.000", "later"),
      ].join(""),
    );
  });

  it("come in pages where an answer is limited, which together are the whole; the client hands on where", async () => {
    let at = T0;
    const long = "x".repeat(40_000);
    for (let i = 0; i < 10; i++) await add(...Array.from({ length: 6 }, () => chat(`${at} ${long}`, at++)));
    const limited = app(false);
    const api = apiClient({ url: "http://127.0.0.1", fetch: async (request) => await limited.fetch(request) });
    for (
      const [file, call] of [
        ["events.jsonl", api.recordingEventsJsonl],
        ["events.csv", api.recordingEventsCsv],
        ["chat.vtt", api.recordingChatVtt],
      ] as const
    ) {
      const whole = await (await get(file)).text();
      let text = "";
      let pages = 0;
      for (let after: string | undefined = "0"; after !== undefined; pages++) {
        const { body, next } = await call({ params: { id: ID }, query: { after } });
        assert(body.length <= 1_000_000);
        text += body;
        after = next;
      }
      assertEquals(text === whole, true, file);
      assertEquals(pages, 3);
    }
  });

  it("of a recording that is not there are 404", async () => {
    for (const file of ["events.jsonl", "events.csv", "chat.vtt"]) {
      assertEquals((await app(true).request(`/recordings/1/${file}`)).status, 404);
    }
  });
});
