/**
 * Faults of streams and rooms, with a poller and real recorders on the stand-in, and any store behind them. All lives run
 * at the same time; each is counted again from its files and from the store.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { TikTok } from "@roomtone/sdk";
import { eulerSigner } from "@roomtone/sdk/euler";
import { tiktokLookup } from "../../functions/adapters/live/tiktok_lookup.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { mediaRecorder } from "../../functions/adapters/media/media_recorder.ts";
import { unpackEvents } from "../../functions/core/event_batches.ts";
import { pollWatchlist } from "../../functions/core/poll_watchlist.ts";
import { RequestBudget } from "../../functions/core/request_budget.ts";
import { runRecordings } from "../../functions/core/run_recordings.ts";
import type { Recorder } from "../../functions/ports/recorder.ts";
import type { Recording } from "../../functions/ports/recording_store.ts";
import type { Store } from "../../functions/ports/store.ts";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { compareTags, judge, sampleHashes } from "../judge/mod.ts";
import { MediaLibrary } from "../standin/flv_source.ts";
import { type Room, type Standin, startStandin } from "../standin/mod.ts";
import type { StoreFixture } from "./store_fixture.ts";

/** What a live says, and how long its picture is, before its trouble and after it. */
const LEAST_MESSAGES = 20;
const LEAST_MS = 3_000;
/** The host whose socket alone is in trouble. */
const UNSIGNED = "unsigned.host";
/** What happens to a host in the middle of the live. */
const TROUBLES: Record<string, (room: Room) => void> = {
  "stall.host": (room) => room.fault({ kind: "flv_stall" }),
  "cut.host": (room) => {
    room.fault({ kind: "flv_cut", inside: true });
    room.fault({ kind: "socket_half_frame" });
  },
  "refused.host": (room) => {
    room.fault({ kind: "http", route: "flv", reply: "rate_limited", times: 1, retryAfterS: 1 });
    room.fault({ kind: "flv_cut", inside: false });
    room.fault({ kind: "handshake", status: 415, times: 1 });
    room.fault({ kind: "socket_drop" });
  },
  "moved.host": (room) => room.fault({ kind: "new_room" }),
  [UNSIGNED]: (room) => {
    room.fault({ kind: "http", route: "signer_room", reply: "status", status: 503, times: 2 });
    room.fault({ kind: "handshake", status: 415, way: "direct", times: 2 });
    room.fault({ kind: "socket_drop" });
  },
  "silent.host": (room) => room.fault({ kind: "offline", control: false }),
};

/**
 * Declares the tests on a store.
 * @param makeStore makes a fresh store; called once
 */
export function recordedFaultsSuite(name: string, makeStore: () => Promise<StoreFixture>): void {
  describe(`${name}: recorders survive`, () => {
    const ffmpegPath = process.env["ROOMTONE_FFMPEG"] ?? "ffmpeg";
    const library = new MediaLibrary({ ffmpegPath });
    const logger = new CaptureLogger();
    let fixture: StoreFixture;
    let store: Store;
    let standin: Standin;
    let dir: string;
    let stop: () => Promise<unknown>;

    before(async () => {
      dir = await mkdtemp(join(tmpdir(), "roomtone-recorded-faults-"));
      fixture = await makeStore();
      store = await fixture.open();
      standin = await startStandin({ seed: "faults", media: library });
      await standin.prepareMedia();
      for (const username of Object.keys(TROUBLES)) {
        standin.room(username);
        await store.putWatch(username, Date.now());
      }
      const { baseUrls } = standin;
      const tiktok = new TikTok({ baseUrls });
      const [clock, random] = [systemClock, Math.random];
      const settings = { segmentMs: 2_000, stallTimeoutMs: 1_500, mp4: false, thumbnailEveryMs: 0 };
      const unsigned = mediaRecorder({ tiktok, dir, ...settings });
      const signer = eulerSigner({ host: standin.url });
      const signed = mediaRecorder({ tiktok: new TikTok({ baseUrls, signer }), dir, ...settings });
      const recorder: Recorder = {
        start: (job, tell) => (job.username === UNSIGNED ? signed : unsigned).start(job, tell),
      };
      const ending = new AbortController();
      const pool = runRecordings({ store, recorder, clock, logger }, {
        ...{ owner: "pool", slots: 12, leaseMs: 60_000, claimIntervalMs: 200, flushMs: 500, flushEvents: 200 },
      });
      const budget = new RequestBudget({ requestsPerMinute: 60_000, burst: 1_000, clock, random });
      const launcher = { ensureCapacity: () => Promise.resolve(pool.wake()) };
      const polling = pollWatchlist(
        { store, lookup: tiktokLookup(tiktok), budget, launcher, clock, random, logger },
        {
          ...{ intervalMs: 500, minIntervalMs: 200, maxIntervalMs: 1_000, jitter: 0.2, leaseMs: 60_000, tickMs: 200 },
          stayMs: Infinity,
        },
        ending.signal,
      );
      stop = async () => {
        ending.abort();
        await Promise.all([polling, pool.stop()]);
      };
      await Promise.all(
        Object.entries(TROUBLES).map(async ([username, trouble]) => {
          const room = standin.room(username);
          room.startLive({ seed: username, rate: 0.5 });
          await wentOn(room);
          trouble(room);
          if (username === UNSIGNED) await room.until(() => signerCalls(room) >= 2);
          if (room.live) await wentOn(room, username !== UNSIGNED);
          room.endLive();
        }),
      );
      const lives = Object.keys(TROUBLES).flatMap((each) => standin.room(each).lives);
      for (const giveUpAt = performance.now() + 30_000; performance.now() < giveUpAt;) {
        const states = await Promise.all(lives.map(async ({ roomId }) => (await store.getRecording(roomId))?.state));
        if (states.every((state) => state === "finished")) break;
        await systemClock.sleep(200);
      }
    });
    after(async () => {
      await stop();
      await standin.stop();
      await fixture.close();
      await rm(dir, { recursive: true });
    });

    const signerCalls = ({ roomId }: Room) =>
      standin.requests.filter(({ target }) => target.startsWith("/webcast/fetch?") && target.includes(roomId)).length;

    /** Waits until a room was heard, and seen for a while: on a new connection unless told otherwise. */
    async function wentOn(room: Room, anew = true): Promise<void> {
      const since = anew ? Date.now() : 0;
      const { acked } = room.stats();
      await room.until((stats) => {
        const open = room.current?.flv.records.find(({ openedAtMs, closedAtMs }) =>
          openedAtMs >= since && closedAtMs === undefined
        );
        const seenMs = open === undefined ? 0 : Date.now() - open.openedAtMs;
        return stats.acked >= acked + LEAST_MESSAGES && seenMs > LEAST_MS;
      });
    }

    /** Counts everything of a host again. @returns the recordings of the lives, in order */
    async function recount(username: string): Promise<Recording[]> {
      const room = standin.room(username);
      const recordings: Recording[] = [];
      assert(room.lives.length > 0, `${username} was not live`);
      for (const { roomId, flv, feed } of room.lives) {
        const recording = await store.getRecording(roomId);
        assert(recording !== undefined, `there is no recording of ${username}`);
        recordings.push(recording);
        assertEquals([recording.state, recording.outcome?.kind, recording.parts.length], ["finished", "ended", 1]);
        const folder = join(dir, recording.parts[0]?.folder ?? "");
        const hashes = sampleHashes((await Promise.all(["origin", "hd", "sd", "ld"].map((key) => library.source(key))))
          .flatMap(({ tags }) => tags));
        const judgement = await judge(folder);
        const verdict = compareTags(judgement.packets, flv.tags, flv.records, hashes);
        assert(verdict.written > 50, `${verdict.written} tags were written`);
        assertEquals([verdict.missing.length, verdict.twice, verdict.foreign], [0, [], []]);
        assertEquals([judgement.backSteps, judgement.wrongFiles, judgement.closed], [0, [], true]);
        const { items: segments } = await store.listSegments(roomId, { limit: 1_000 });
        assertEquals([segments.length, recording.segments], [judgement.segments, judgement.segments]);
        const told = logger.lines.filter(({ event, fields }) =>
          event === "recording_gap" && fields["recordingId"] === roomId
        );
        const toldMs = told.reduce((sum, { fields }) => sum + Number(fields["missingMs"]), 0);
        assertEquals(toldMs, judgement.missingMs);
        const batches = await store.listEvents(roomId, { after: 0, limit: 1_000 });
        const lines = (await Promise.all(batches.map(unpackEvents))).flat();
        const ids = lines.map((line) => String((JSON.parse(line) as { id: unknown }).id)).filter((id) => id !== "");
        const { ids: sent, historyIds } = feed.stats;
        assert(sent.length >= LEAST_MESSAGES, `${sent.length} messages were sent`);
        assertEquals(ids.toSorted(), [...new Set([...sent, ...historyIds])].toSorted());
      }
      return recordings;
    }

    it("a stalled stream", async () => {
      await recount("stall.host");
    });

    it("a stream that is cut inside a tag, and a socket inside a frame", async () => {
      await recount("cut.host");
      assertEquals(standin.room("cut.host").connections().length, 2);
    });

    it("refusals of stream and socket in the middle of a live", async () => {
      await recount("refused.host");
    });

    it("a change of the room id: two recordings, each whole", async () => {
      assertEquals((await recount("moved.host")).length, 2);
    });

    it("a signer that is down when the socket is refused without it: the picture goes on", async () => {
      await recount(UNSIGNED);
      assertEquals(standin.room(UNSIGNED).connections().length, 1);
    });

    it("an end that only HTTP tells of", async () => {
      await recount("silent.host");
    });
  });
}
