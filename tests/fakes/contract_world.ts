/**
 * An API with something to answer for every route of the contract, and with everything behind it in memory.
 * @module
 */
import { addToTotals, unpackBatch } from "../../functions/core/add_totals.ts";
import { getRandomValues } from "node:crypto";
import { type SqliteKeyStore, sqliteKeyStore } from "../../functions/adapters/local/sqlite_key_store.ts";
import { type SqliteStore, sqliteStore } from "../../functions/adapters/local/sqlite_store.ts";
import { LiveError } from "@roomtone/sdk";
import { AppError } from "../../functions/contract/errors.ts";
import type { CanaryState } from "../../functions/ports/canary.ts";
import type { RetentionPolicy } from "../../functions/contract/retention.ts";
import type { Scope } from "../../functions/contract/scopes.ts";
import { createKey } from "../../functions/core/api_keys.ts";
import { type AppOptions, createApp } from "../../functions/http/app.ts";
import type { StatusSources } from "../../functions/http/system_status.ts";
import { prometheusMetrics } from "../../functions/adapters/local/prometheus_metrics.ts";
import openApi from "../../functions/openapi.json" with { type: "json" };
import type { LiveLookup, Room, UserInfo } from "../../functions/ports/live_lookup.ts";
import type { ClipMaker } from "../../functions/ports/clip_maker.ts";
import type { RecordingFiles } from "../../functions/ports/recording_files.ts";
import type { Lease } from "../../functions/ports/recording_store.ts";
import type { Store } from "../../functions/ports/store.ts";
import { CaptureLogger } from "./capture_logger.ts";
import { batchOf, gift, viewers } from "./made_events.ts";
import { FakeLookup } from "./fake_lookup.ts";
import { ManualClock } from "./manual_clock.ts";

export const SEC_UID = "MS4wLjABAAAAtFKZYaOb-9nF_w7QRi4y64d45mvuWuwf5ACEd3c6f";
/** Room of the host who is live, and of a recording that is being made, is finished, or waits. */
export const ROOM = "7300000000000000001";
export const RUNNING = "7300000000000000002";
export const FINISHED = "7300000000000000003";
export const WAITING = "7300000000000000004";

const LINK = {
  url: "https://pull.tiktokcdn.com/key.flv",
  protocol: "flv",
  quality: "hd",
  codec: "h264",
  level: 3,
} as const;
const USER: UserInfo = {
  ...{ id: "1", username: "host", nickname: "HOST", bio: "This is host", secUid: SEC_UID, roomId: ROOM, live: true },
  ...{ followers: 6_900_000, following: 8, likes: 204_600_000, videos: 5_588, verified: true, private: false },
  profilePictureUrl: "https://p16.tiktokcdn.com/a.jpeg",
};
const ROOM_INFO: Room = {
  ...{ roomId: ROOM, title: "hello", live: true, paused: false, ageRestricted: false, startedAt: 5, viewers: 7 },
  host: { id: "1", username: "host", nickname: "HOST", bio: "", followers: 3 },
  links: [{ ...LINK }],
};

/** What of the system is another than the world's. */
interface SystemOptions {
  files?: RecordingFiles;
  store?: Store;
  asks?: LiveLookup;
  retention?: RetentionPolicy;
}

/** What a canary knew after its look. */
const CANARY_STATE: CanaryState = {
  ranAt: 1_760_000_000_000,
  facts: [
    {
      ...{ name: "api_live.status", area: "room", lastGood: "200", lastGoodAt: 1_760_000_000_000, current: "200" },
      ...{ since: 1_759_000_000_000, drifted: false },
    },
    {
      ...{ name: "feed.status", area: "lists", lastGood: "200", lastGoodAt: 1_759_000_000_000, current: "404" },
      ...{ since: 1_760_000_000_000, drifted: true },
    },
  ],
  refusals: [{ what: "prices", code: "captcha" }],
};

/** What a process knows of itself. */
const STATUS: StatusSources = {
  ...{ owner: "local-1", recorderSlots: 8 },
  tiktok: () => ({
    routes: [
      { route: "direct", state: "resting", failures: 3, since: 5, error: new LiveError("network", "Open: broke") },
      { route: "signed", state: "unknown", failures: 0 },
    ],
    calls: [{ call: "links", state: "open", failures: 5, since: 5, code: "captcha", nextTryAt: 9 }],
    budget: { available: 100, taken: 3, waiting: 0, requestsPerMinute: 300, pausedMs: 10, refusals: 1 },
  }),
  disk: () => Promise.resolve({ freeBytes: 10, totalBytes: 100, leastFreeBytes: 20 }),
  trouble: () => ({
    minutes: [{ at: 0, warnings: 1, errors: 0 }],
    kinds: [{ event: "claim_failed", level: "warn", count: 1, lastAt: 5 }],
  }),
};

/** Makes the same clip each time, and none of a stretch that begins at 9 s. */
const CLIPS: ClipMaker = {
  make({ fromMs }) {
    if (fromMs === 9_000) return Promise.reject(new AppError("conflict", "Clip the recording: its sound ends"));
    return Promise.resolve({ size: 6, startMs: 1_000, gaps: 1, body: new Blob(["a clip"]).stream() });
  },
};

/** What stands behind the API. */
export class ContractWorld {
  readonly clock = new ManualClock();
  readonly lookup = new FakeLookup();
  readonly store: SqliteStore = sqliteStore(":memory:");
  readonly keys: SqliteKeyStore = sqliteKeyStore(":memory:");
  /** Whether the canary stores what it sees all the time. */
  canaryLooks = false;
  /** What sending a message fails with. */
  sendFailure: Error | undefined;

  /** A world in which each route has something to answer. */
  static async open(): Promise<ContractWorld> {
    const world = new ContractWorld();
    const { lookup, store, clock } = world;
    lookup.live("host", ROOM, [{ ...LINK }]);
    lookup.offline("idle");
    lookup.users.set("host", USER);
    lookup.rooms.set(ROOM, ROOM_INFO);
    const page = { users: [USER], hasMore: false, minCursor: 0, maxCursor: 0, total: 1, logId: "log" };
    lookup.pages.set("followings 0", page);
    lookup.pages.set("followers 0", page);
    lookup.giftList = [{ id: "5655", name: "Rose", describe: "", diamonds: 1, giftType: 1, combo: true }];
    lookup.priceList = {
      packages: [{ id: "1", diamonds: 70, extraDiamonds: 0, priceUsdCents: 105, describe: "", prices: [] }],
      ...{ currencies: ["USD"], defaultCurrency: "USD" },
    };
    lookup.feedPages.set("", { rooms: [{ ...ROOM_INFO, reason: "popular" }], cursor: "10" });
    await store.putWatch("host", clock.now());
    for (const roomId of [RUNNING, FINISHED]) {
      const lease = await world.#record(roomId);
      const batch = await batchOf(roomId, 2, [gift(5, 1, 2, 10), viewers(6, 99)]);
      await addToTotals(store, roomId, [await unpackBatch(batch)]);
      if (roomId === FINISHED) {
        await store.finishRecording(lease, { endedAt: clock.now() + 9, outcome: { kind: "ended" } });
      }
    }
    await store.wantRecording({ roomId: WAITING, username: "later", title: "" }, clock.now());
    return world;
  }

  close(): void {
    this.store.close();
    this.keys.close();
  }

  /** The API; on loopback unless told otherwise. */
  app(options: Partial<AppOptions> & SystemOptions = {}) {
    const { files = this.files(), store = this.store, asks: lookup = this.lookup, retention, ...more } = options;
    const { clock } = this;
    const deps = { lookup, clock };
    const sender = {
      send: () => this.sendFailure === undefined ? Promise.resolve() : Promise.reject(this.sendFailure),
    };
    return createApp({
      ...{ links: deps, userInfo: deps, followings: deps, lives: { ...deps, sender } },
      system: { store, clock, lookup, files, retention, streams: true, status: STATUS, clips: CLIPS },
      canary: {
        readCanary: () => Promise.resolve({ state: CANARY_STATE, version: 1 }),
        writeCanary: () => Promise.resolve(!this.canaryLooks),
      },
      ...{ openApi, metrics: prometheusMetrics(), logger: new CaptureLogger(), loopbackOnly: true },
      ...more,
    });
  }

  /** What callers of other machines get. */
  guarded() {
    return this.app({ loopbackOnly: false, keys: { store: this.keys, clock: this.clock } });
  }

  async newKey(scopes: Scope[], requestsPerMinute?: number): Promise<string> {
    const deps = {
      keys: this.keys,
      now: this.clock.now(),
      random: (bytes: Uint8Array<ArrayBuffer>) => getRandomValues(bytes),
    };
    return (await createKey(deps, { name: "test", scopes, requestsPerMinute })).secret;
  }

  /** Two files of each part. @param link whether others serve them */
  files(link = false): RecordingFiles {
    const contents: Record<string, string> = {
      "index.m3u8": '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:6.0,\nsegment_0.m4s\n',
      "segment_0.bin": "0123456789",
      "thumbnail_000000.jpg": "a picture",
    };
    return {
      find(_folder, name) {
        const bytes = new TextEncoder().encode(contents[name]);
        const read = (start: number, length: number) => new Blob([bytes.slice(start, start + length)]).stream();
        return Promise.resolve(name in contents ? { size: bytes.length, etag: '"a"', modifiedAt: 0, read } : undefined);
      },
      ...link ? { link: (_folder: string, name: string) => Promise.resolve(`https://files.example/${name}`) } : {},
      lastName: (_folder, start) =>
        Promise.resolve(Object.keys(contents).sort().findLast((name) => name.startsWith(start))),
      remove: () => Promise.resolve(),
    };
  }

  /** Every call of TikTok's, messages too, fails. */
  refuse(error: AppError): void {
    this.lookup.failure = error;
    this.lookup.answers.set("host", { username: "host", state: "failed", error });
    this.sendFailure = error;
  }

  async #record(roomId: string): Promise<Lease> {
    const { store, clock } = this;
    await store.wantRecording({ roomId, username: `host${roomId.at(-1)}`, title: "hello" }, clock.now());
    const [claimed] = await store.claimRecordings({ owner: "a", now: clock.now(), leaseMs: 60_000, limit: 1 });
    const lease = { recordingId: roomId, token: claimed?.leaseToken ?? 0 };
    await store.addPart(lease, { folder: `host/${roomId}`, startedAt: clock.now() });
    const segment = { part: 1, index: 0, uri: "segment_0.m4s", startAt: clock.now(), durationMs: 6_000 };
    await store.addSegment(lease, { ...segment, bytes: 10, sha256: "00" });
    return lease;
  }
}

/** A thing whose every call fails in a way that nobody foresaw. */
export function broken<T extends object>(whole: T): T {
  return new Proxy(whole, {
    get: () => () => Promise.reject(new TypeError("a fault that nobody foresaw")),
  });
}
