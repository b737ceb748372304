/**
 * `webcast/gift/list`: names, prices and pictures of the gifts of a room (protocol.md 6).
 * @module
 */
import { LiveError } from "../errors.ts";
import { SharedTask } from "../deadline.ts";
import type { Clock } from "../ports.ts";
import type { HttpClient, HttpRequest } from "./http.ts";
import { at, entries, firstId, flag, imageUrl, list, number, text } from "./read.ts";
import { evidenceOf, type HttpReply, readJson } from "./refusals.ts";

/** What TikTok's list tells of a gift. */
export interface GiftDetails {
  /** TikTok's id, a decimal string; equals `giftId` of gift events. */
  id: string;
  /** Name, in the language of the request. */
  name: string;
  /** TikTok's sentence about it; empty when it has none. */
  describe: string;
  /** Price of one, in diamonds. */
  diamonds: number;
  /** 1 can be repeated in a streak. */
  giftType: number;
  /** Whether it can be sent in a streak. */
  combo: boolean;
  /** First URL of its picture. */
  imageUrl: string | undefined;
  /** First URL of the picture of its preview. */
  previewImageUrl: string | undefined;
  /** First URL of the label on it, such as `new`. */
  labelImageUrl: string | undefined;
  /** How long its animation runs, ms. */
  durationMs: number | undefined;
  /** Whether guests of the host can get it. */
  forLinkMic: boolean;
  /** Whether other rooms are told of it. */
  broadcast: boolean;
  /** Whether viewers see it in the panel of gifts. */
  onPanel: boolean;
  /** Id of the animation; empty for none. */
  effectId: string;
}

/** A gift that can be sent. */
export interface GiftInfo extends GiftDetails {
  /** TikTok's whole gift object. */
  data: Readonly<Record<string, unknown>>;
}

const ACTION = "Read the gift list";

/** @param roomId a checked id, or nothing for the general list */
export function giftListRequest(webcastUrl: string, roomId?: string): HttpRequest {
  const query = new URLSearchParams({ aid: "1988", app_language: "en", device_platform: "web" });
  if (roomId !== undefined) query.set("room_id", roomId);
  return { action: ACTION, url: `${webcastUrl}/webcast/gift/list/?${query}`, wants: "json" };
}

/** @throws {LiveError} `login_required`, or `protocol` when the answer has another shape */
export function parseGiftList(reply: HttpReply): GiftInfo[] {
  const body = readJson(reply, ACTION);
  const statusCode = number(at(body, "status_code"));
  const gifts = at(body, "data", "gifts");
  if ((statusCode !== undefined && statusCode !== 0) || !Array.isArray(gifts)) {
    const code = statusCode === 20003 ? "login_required" : "protocol";
    throw new LiveError(code, `${ACTION}: TikTok answered without gifts`, {
      evidence: { ...evidenceOf(reply), ...(statusCode === undefined ? {} : { statusCode }) },
    });
  }
  return list(gifts).map((gift) => ({
    id: String(number(at(gift, "id")) ?? ""),
    name: text(at(gift, "name")),
    describe: text(at(gift, "describe")),
    diamonds: number(at(gift, "diamond_count")) ?? 0,
    giftType: number(at(gift, "type")) ?? 0,
    combo: flag(at(gift, "combo")),
    imageUrl: imageUrl(at(gift, "icon")) ?? imageUrl(at(gift, "image")),
    previewImageUrl: imageUrl(at(gift, "preview_image")),
    labelImageUrl: imageUrl(at(gift, "gift_label_icon")),
    durationMs: number(at(gift, "duration")),
    forLinkMic: flag(at(gift, "for_linkmic")),
    broadcast: flag(at(gift, "is_broadcast_gift")),
    onPanel: flag(at(gift, "is_displayed_on_panel")),
    effectId: firstId(at(gift, "primary_effect_id")),
    data: Object.fromEntries(entries(gift)),
  }));
}

/** How long a list is believed, ms: TikTok changes it rarely. */
const LIFE_MS = 3_600_000;
/** Lists kept by one client, of some MB each. */
const MAX_LISTS = 4;

/** What {@link GiftLists} needs. */
export interface GiftListsOptions {
  http: HttpClient;
  clock: Clock;
  webcastUrl: string;
}

/** The gift lists of one client: each is read once an hour, however many ask. */
export class GiftLists {
  readonly #options: GiftListsOptions;
  readonly #lists = new Map<string, { gifts: GiftInfo[]; readAt: number }>();
  readonly #reading = new Map<string, SharedTask<GiftInfo[]>>();
  #details: { byId: ReadonlyMap<string, GiftDetails>; readAt: number } | undefined;

  constructor(options: GiftListsOptions) {
    this.#options = options;
  }

  /** @param roomId a checked id, or nothing for the general list */
  async read(roomId: string | undefined, refresh: boolean, signal?: AbortSignal): Promise<GiftInfo[]> {
    const key = roomId ?? "";
    const known = this.#lists.get(key);
    if (!refresh && known !== undefined && this.#isFresh(known.readAt)) return known.gifts;
    const task = this.#reading.get(key) ?? new SharedTask();
    this.#reading.set(key, task);
    try {
      return await task.join((shared) => this.#fetch(roomId, shared), signal);
    } finally {
      if (this.#reading.get(key) === task) this.#reading.delete(key);
    }
  }

  /**
   * Gifts by id. One list serves all rooms: a gift that only another room has is missing.
   * @param roomId whose list is read when no list is at hand
   */
  async details(roomId: string, signal: AbortSignal): Promise<ReadonlyMap<string, GiftDetails>> {
    if (this.#details === undefined || !this.#isFresh(this.#details.readAt)) {
      await this.read([...this.#reading.keys()][0] ?? roomId, true, signal);
    }
    return this.#details?.byId ?? new Map();
  }

  #isFresh(readAt: number): boolean {
    return this.#options.clock.now() - readAt < LIFE_MS;
  }

  async #fetch(roomId: string | undefined, signal: AbortSignal): Promise<GiftInfo[]> {
    const { http, clock, webcastUrl } = this.#options;
    const gifts = parseGiftList(await http.send(giftListRequest(webcastUrl, roomId), signal));
    const readAt = clock.now();
    this.#lists.delete(roomId ?? "");
    this.#lists.set(roomId ?? "", { gifts, readAt });
    for (const oldest of this.#lists.keys()) {
      if (this.#lists.size <= MAX_LISTS) break;
      this.#lists.delete(oldest);
    }
    this.#details = { byId: new Map(gifts.map(({ data: _, ...details }) => [details.id, details])), readAt };
    return gifts;
  }
}
