/**
 * From what a canary saw to facts: each with a name and a value as text, free of names and texts of people. What was not
 * there to be seen makes no fact.
 * @module
 */
import type { LiveEvent } from "@roomtone/sdk";
import type { AnswerSight, CanaryArea, CanaryRoute, MediaSight, Sighting, SignerSight } from "../ports/canary.ts";
import { codeAt, hasKeys, ROUTE_KEYS, typeAt } from "./canary_keys.ts";
import { batchFacts, frameFacts } from "./canary_frames.ts";

/** A fact as it was seen. */
export interface SeenFact {
  name: string;
  area: CanaryArea;
  value: string;
  /** The value that the system relies on; without one, what is seen first counts as good. */
  expected?: string;
  /**
   * When a value still is as it was: `exact` means the same text, `range` a number within a quarter and four times of the
   * last good one, `share` a number up to {@link MOST_SHARE}. @default "exact"
   */
  judge?: "range" | "share";
}

/** The largest part of messages that may be unknown or broken. */
export const MOST_SHARE = 0.1;

const AREA_OF: Readonly<Record<CanaryRoute, CanaryArea>> = {
  api_live: "room",
  api_live_nobody: "room",
  room_info: "room",
  check_alive: "room",
  live_page: "page",
  profile_page: "page",
  gift_list: "lists",
  feed: "lists",
  prices: "lists",
  user_detail: "lists",
  im_fetch: "signer",
  ttwid_register: "cookie",
  other_page: "cookie",
};
const PAGES: ReadonlySet<CanaryRoute> = new Set(["live_page", "profile_page"]);
/** Routes that are asked unsigned, to see that they still want a signature. */
const UNSIGNED: ReadonlySet<CanaryRoute> = new Set(["im_fetch", "user_detail"]);

const QUALITIES = new Set([
  "origin",
  "uhd",
  "uhd_60",
  "hd",
  "hd_60",
  "sd",
  "ld",
  "ao",
  "FULL_HD1",
  "HD1",
  "SD1",
  "SD2",
]);
const CODECS = new Set(["h264", "h265", ""]);
/** Events that a sample of some size always holds; fewer than this many say nothing about their fields. */
const LEAST_EVENTS = 3;
/** Part of the events that must have a field. */
const USUAL_PART = 0.8;

/** The facts of a run, by name. */
export function factsOf(sighting: Sighting): SeenFact[] {
  const { answers, live, socket, media, signer } = sighting;
  const facts: SeenFact[] = [];
  for (const answer of answers) facts.push(...answerFacts(answer, live));
  facts.push(...cookieFacts(answers));
  if (socket !== undefined) {
    facts.push({ name: "socket.handshake", area: "socket", value: socket.handshake, expected: "opened" });
    if (socket.handshake === "opened") facts.push(...frameFacts(socket), ...eventFacts(socket.events));
  }
  if (media !== undefined) facts.push(...mediaFacts(media));
  if (signer !== undefined) facts.push(...signerFacts(signer));
  // The last one counts: a route that was asked twice answers as it does now.
  return [...new Map(facts.map((fact) => [fact.name, fact])).values()];
}

function answerFacts(answer: AnswerSight, live: boolean): SeenFact[] {
  const { route, status, redirect, mediaType, bytes, reading, body } = answer;
  const area = AREA_OF[route];
  if (route === "other_page") return [];
  if (UNSIGNED.has(route)) {
    return [{ name: `${route}.unsigned`, area, value: `${status} ${reading}` }];
  }
  const fact = (name: string, value: string, expected: string) => ({ name: `${route}.${name}`, area, value, expected });
  const facts: SeenFact[] = [fact("status", String(status), "200"), fact("redirect", redirect, "")];
  if (status !== 200 || route === "ttwid_register") return facts;
  facts.push(
    fact("media_type", mediaType, PAGES.has(route) ? "text/html" : "application/json"),
    fact("reading", reading, PAGES.has(route) ? "state" : "json"),
    { name: `${route}.bytes`, area, value: String(bytes), judge: "range" },
  );
  if (!hasKeys(answer)) return facts;
  const keys = ROUTE_KEYS[route];
  for (const [path, good] of Object.entries(keys?.codes ?? {})) facts.push(fact(shown(path), codeAt(body, path), good));
  for (const [path, type] of Object.entries({ ...keys?.always, ...(live ? keys?.live : {}) })) {
    const value = typeAt(body, path);
    if (value !== undefined) facts.push(fact(shown(path), value, type));
  }
  return facts;
}

/** A path as facts are named by it: a dot within a key has no other look. */
const shown = (path: string): string => path.replaceAll("~", ".");

/** The guest cookie, wherever it was set. */
function cookieFacts(answers: readonly AnswerSight[]): SeenFact[] {
  // One that was renamed still has its shape.
  const cookie = answers.flatMap(({ cookies }) => cookies)
    .find(({ name, shape }) => name === "ttwid" || shape.startsWith("1|"));
  const asked = answers.some(({ route }) => PAGES.has(route) || route === "ttwid_register");
  const fact = (name: string, value: string, expected?: string): SeenFact => ({
    ...{ name: `ttwid.${name}`, area: "cookie", value },
    ...(expected === undefined ? {} : { expected }),
  });
  if (cookie === undefined) return asked ? [fact("cookie", "not set", "set")] : [];
  const { name, shape, domain, path, maxAgeS } = cookie;
  return [
    fact("cookie", "set", "set"),
    fact("name", name, "ttwid"),
    fact("shape", shape),
    fact("domain", domain),
    fact("path", path, "/"),
    fact("lifetime_days", maxAgeS === undefined ? "session" : String(Math.round(maxAgeS / 86_400))),
  ];
}

/** What makes an event of this type worth having. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, (event: LiveEvent) => boolean>>>> = {
  chat: {
    user: (event) => event.type === "chat" && event.user.id !== "" && event.user.id !== "0",
    username: (event) => event.type === "chat" && event.user.username !== "",
    text: (event) => event.type === "chat" && event.text !== "",
  },
  gift: {
    user: (event) => event.type === "gift" && event.user.id !== "" && event.user.id !== "0",
    gift_id: (event) => event.type === "gift" && event.giftId !== "" && event.giftId !== "0",
    name: (event) => event.type === "gift" && event.name !== "",
    diamonds: (event) => event.type === "gift" && event.diamonds > 0,
    total: (event) => event.type === "gift" && event.total > 0,
  },
  like: {
    user: (event) => event.type === "like" && event.user.id !== "" && event.user.id !== "0",
    count: (event) => event.type === "like" && event.count > 0,
    total: (event) => event.type === "like" && event.total > 0,
  },
  join: { user: (event) => event.type === "join" && event.user.id !== "" && event.user.id !== "0" },
  follow: { user: (event) => event.type === "follow" && event.user.id !== "" && event.user.id !== "0" },
  viewers: {
    count: (event) => event.type === "viewers" && event.count > 0,
    total: (event) => event.type === "viewers" && event.total > 0,
  },
};

function eventFacts(events: readonly LiveEvent[]): SeenFact[] {
  const area = "events";
  if (events.length < 2 * LEAST_EVENTS) return [];
  const share = (name: string, fits: (event: LiveEvent) => boolean): SeenFact => {
    const part = events.filter(fits).length / events.length;
    return { name: `events.${name}`, area, value: part.toFixed(2), expected: "0.00", judge: "share" };
  };
  const facts = [
    share("unknown_methods", ({ type }) => type === "unknown"),
    share("decode_failures", ({ type }) => type === "decode_error"),
    share("without_id", ({ id }) => id === "" || id === "0"),
    // Times in other units would be a thousand times off.
    share("off_times", ({ at, receivedAt, history }) => !history && Math.abs(at - receivedAt) > 86_400_000),
  ];
  for (const [type, fields] of Object.entries(FIELDS)) {
    const sample = events.filter((event) => event.type === type);
    if (sample.length < LEAST_EVENTS) continue;
    for (const [field, has] of Object.entries(fields)) {
      const usual = sample.filter(has).length >= sample.length * USUAL_PART;
      facts.push({ name: `events.${type}.${field}`, area, value: usual ? "there" : "missing", expected: "there" });
    }
  }
  return facts;
}

function mediaFacts({ links, opened }: MediaSight): SeenFact[] {
  const fact = (name: string, value: string, expected: string): SeenFact => (
    { name: `media.${name}`, area: "media", value, expected }
  );
  const facts = [fact("links", links.length > 0 ? "there" : "missing", "there")];
  if (links.length > 0) {
    facts.push(
      fact("flv", links.some(({ protocol }) => protocol === "flv") ? "there" : "missing", "there"),
      fact("unknown_qualities", listed(links, ({ quality }) => QUALITIES.has(quality) ? "" : quality), ""),
      fact("unknown_codecs", listed(links, ({ codec }) => CODECS.has(codec) ? "" : codec), ""),
      fact("foreign_hosts", listed(links, ({ ours, host }) => ours ? "" : host), ""),
      fact("expiry", links.every(({ expires }) => expires) ? "there" : "missing", "there"),
    );
  }
  if (opened !== undefined) {
    facts.push(fact("status", String(opened.status), "200"));
    if (opened.status === 200) {
      facts.push(fact("media_type", opened.mediaType, "video/x-flv"), fact("signature", opened.signature, "FLV"));
    }
  }
  return facts;
}

function listed<T>(items: readonly T[], word: (item: T) => string): string {
  return [...new Set(items.map(word).filter((each) => each !== ""))].sort().join(" ");
}

function signerFacts({ result, cookies }: SignerSight): SeenFact[] {
  const facts = batchFacts("signer", result);
  return [...facts, {
    name: "signer.cookie",
    area: "signer",
    value: cookies.includes("ttwid") ? "there" : "missing",
    expected: "there",
  }];
}
