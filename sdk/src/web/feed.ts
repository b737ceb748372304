/**
 * `webcast/feed`: the lives that TikTok recommends, page by page (protocol.md 7).
 * @module
 */
import { LiveError } from "../errors.ts";
import type { CallContext } from "./calls.ts";
import type { HttpRequest } from "./http.ts";
import { type LiveStream, readLiveStream, type Track } from "./live_stream.ts";
import { at, flag, list, number, text } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";

/** One page of the feed. */
export interface FeedPage {
  /** Lives of this page, in TikTok's order. */
  liveStreams: LiveStream[];
  /** Whether TikTok has another page. */
  hasMore: boolean;
  /** What the next request names, as TikTok wrote it; empty when it names nothing. */
  maxTime: string;
  /** TikTok's id of the answer. */
  logId: string;
}

const ACTION = "Read the feed of lives";

/** @param maxTime {@link FeedPage.maxTime} of the page before; empty for the first */
export function feedRequest(context: CallContext, maxTime: string): HttpRequest {
  const query = context.query({ channel_id: "86", ...(maxTime === "" ? {} : { max_time: maxTime }) });
  return { action: ACTION, url: `${context.baseUrls.webcast}/webcast/feed/?${query}`, wants: "json" };
}

/** @throws {LiveError} `login_required`, or `protocol` when the answer has another shape */
export function parseFeed(reply: HttpReply, track: Track): FeedPage {
  const body = readJson(reply, ACTION);
  const statusCode = number(at(body, "status_code"));
  const entries = at(body, "data");
  if ((statusCode !== undefined && statusCode !== 0) || !Array.isArray(entries)) {
    const code = statusCode === 20003 ? "login_required" : "protocol";
    throw new LiveError(code, `${ACTION}: TikTok answered without lives`, {
      evidence: { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) },
    });
  }
  const extra = at(body, "extra");
  const maxTime = number(at(extra, "max_time"));
  return {
    liveStreams: list(entries).flatMap((entry) => readLiveStream(at(entry, "data"), entry, track) ?? []),
    // Without a place to go on from, the next page would be the first again.
    hasMore: flag(at(extra, "has_more")) && maxTime !== undefined,
    maxTime: maxTime === undefined ? "" : String(maxTime),
    logId: text(at(extra, "log_pb", "impr_id")),
  };
}

/**
 * The lives that TikTok recommends, read as far as one goes.
 *
 * @example
 * ```ts
 * import { TikTok } from "@roomtone/sdk";
 * const feed = new TikTok().feed();
 * for (let page = 0; page < 5 && feed.hasMore; page++) {
 *   for (const stream of (await feed.next()).liveStreams) console.log(stream.host.nickname, stream.viewers);
 * }
 * const live = feed.liveStreams[0]?.track();
 * ```
 */
export class Feed {
  /** Every live of the pages so far, in TikTok's order. */
  readonly liveStreams: LiveStream[] = [];
  readonly #read: (maxTime: string, signal: AbortSignal | undefined) => Promise<FeedPage>;
  #maxTime: string;
  #hasMore = true;

  /** Use {@link TikTok.feed}. */
  constructor(read: (maxTime: string, signal: AbortSignal | undefined) => Promise<FeedPage>, from = "") {
    this.#read = read;
    this.#maxTime = from;
  }

  /** Whether TikTok has another page; true before the first. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /**
   * Reads the next page. Wait for one page before asking for another. After a failure the same page is next.
   * @throws {LiveError} `login_required`, `rate_limited`, a refusal, `network`, `deadline`, `protocol`
   * @throws {RangeError} after the last page
   */
  async next(options: { signal?: AbortSignal } = {}): Promise<FeedPage> {
    if (!this.#hasMore) throw new RangeError("Cannot read another page of the feed: that was the last");
    const page = await this.#read(this.#maxTime, options.signal);
    this.#maxTime = page.maxTime;
    this.#hasMore = page.hasMore;
    this.liveStreams.push(...page.liveStreams);
    return page;
  }
}
