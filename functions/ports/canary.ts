import type { LiveEvent } from "@roomtone/sdk";
import type { CANARY_AREAS } from "../contract/metrics.ts";

/** Part of TikTok's protocol. */
export type CanaryArea = (typeof CANARY_AREAS)[number];

/** A fact of TikTok's protocol, and how it stands. */
export interface CanaryFact {
  /** What it is about, such as `api_live.data.user.roomId`: the answer, then the key. */
  name: string;
  area: CanaryArea;
  /** The value that it had when all was well, and when that was last seen, ms; 0 for one that never was. */
  lastGood: string;
  lastGoodAt: number;
  /** The value that was seen last. */
  current: string;
  /** When the current value was first seen, ms. */
  since: number;
  /** Whether the current value is not as it was when all was well. */
  drifted: boolean;
}

/** A fact that is not as it was, or is again. */
export interface CanaryChange {
  fact: string;
  area: CanaryArea;
  /** `drifted`: it is not as it was. `changed`: nor as it was when that was told. `recovered`: it is as it was. */
  change: "drifted" | "changed" | "recovered";
  lastGood: string;
  current: string;
}

/** A part of a canary's run that gave no answer: TikTok refused, or the way to it did not work. */
export interface CanaryRefusal {
  /** What was asked, such as `api_live` or `socket`. */
  what: string;
  /** `captcha`, `network` and so on; `not_live` where no host was live. */
  code: string;
}

/** What is known of TikTok's protocol. */
export interface CanaryState {
  /** When the canary last ran, ms. */
  ranAt: number;
  facts: CanaryFact[];
  /** What the last run got no answer for: those facts are as they were before. */
  refusals: CanaryRefusal[];
}

/** Keeps what the canary knows. */
export interface CanaryStore {
  /** @returns the state and its version; `undefined` before the first run */
  readCanary(): Promise<{ state: CanaryState; version: number } | undefined>;
  /**
   * @param version of the state that this one was made from; 0 for the first
   * @returns false, with nothing stored, when somebody stored another state since
   */
  writeCanary(state: CanaryState, version: number): Promise<boolean>;
}

/** Routes of TikTok's that a canary looks at. */
export type CanaryRoute =
  | "api_live"
  | "api_live_nobody"
  | "live_page"
  | "profile_page"
  | "room_info"
  | "check_alive"
  | "gift_list"
  | "feed"
  | "prices"
  | "im_fetch"
  | "user_detail"
  | "ttwid_register"
  /** A page that was asked for its cookies alone. */
  | "other_page";

/** A `Set-Cookie` header, without its secret. */
export interface CookieSight {
  name: string;
  /** How its value is built, such as `1|token|seconds|hex`. */
  shape: string;
  domain: string;
  path: string;
  /** Absent for a cookie of the session. */
  maxAgeS?: number | undefined;
}

/** One answer. */
export interface AnswerSight {
  route: CanaryRoute;
  status: number;
  /** Path of the redirect, without names; empty when there is none. */
  redirect: string;
  /** Media type without parameters. */
  mediaType: string;
  bytes: number;
  cookies: CookieSight[];
  /** The body: JSON, the state inside a page, `undefined` for bytes and for what does not parse. */
  body: unknown;
  /** How the body is to be read: `json`, `broken json`, `state`, `no state`, `bytes`, `empty`. */
  reading: string;
}

/** A frame that a socket received, unpacked. */
export interface FrameSight {
  /** The frame as it came. */
  bytes: Uint8Array;
  payloadType: string;
  payloadEncoding: string;
  /** Value of its header `compress_type`; empty when it is not packed. */
  compression: string;
  closeReason: string;
  /** The payload, unpacked; `undefined` when that failed. */
  payload: Uint8Array | undefined;
  /** Whether an ack had been sent by then. */
  afterAck: boolean;
}

/** A live that was listened to. */
export interface SocketSight {
  /** How the handshake ended: `opened`, or what was said in place of that. */
  handshake: string;
  frames: FrameSight[];
  heartbeatsSent: number;
  acksSent: number;
  /** Events but those that the client makes. */
  events: LiveEvent[];
}

/** What the streams of a live are like. */
export interface MediaSight {
  links: { quality: string; protocol: string; codec: string; expires: boolean; ours: boolean; host: string }[];
  /** The first bytes of the best FLV stream; absent when nobody looked. */
  opened?: { status: number; mediaType: string; signature: string };
}

/** What a signer answered. */
export interface SignerSight {
  /** Its answer, a batch of messages. */
  result: Uint8Array;
  /** Names of the cookies that the socket has to send. */
  cookies: string[];
}

/** What a run of the canary saw. It holds names and texts of people: only what `core/canary_facts.ts` makes of it is kept. */
export interface Sighting {
  /** Whether the host that was looked at is live, as far as anything says so. */
  live: boolean;
  answers: AnswerSight[];
  socket?: SocketSight;
  media?: MediaSight;
  signer?: SignerSight;
  refusals: CanaryRefusal[];
}

/** A host who is likely live. */
export interface CanaryHost {
  username: string;
  roomId?: string;
}

/** Looks at TikTok as the rest of the system does, and hands on what it sees. */
export interface CanaryProbe {
  /**
   * @param hosts to try until one is live; without one, the first of TikTok's own recommendations is taken
   * @throws the signal's reason
   */
  look(hosts: readonly CanaryHost[], signal?: AbortSignal): Promise<Sighting>;
}
