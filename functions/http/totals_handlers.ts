import { AppError } from "../contract/errors.ts";
import type { HostTotalsReply, RecordingTotalsReply, TotalsReply } from "../contract/schemas.ts";
import { readUsername } from "../core/usernames.ts";
import type { HostTotals, RecordingTotals, Totals, TotalsStore, ViewerHour } from "../ports/totals_store.ts";
import type { Answer } from "./mount.ts";

/** Hours with viewers that an answer holds at most. */
const MOST_HOURS = 168;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const NOTHING: Totals = {
  ...{ count: 0, types: {}, diamonds: 0, gifts: 0, likes: 0, peakViewers: 0, gifters: 0, topGifters: [] },
  ...{ firstAt: undefined, lastAt: undefined },
};

/** Answers about totals. */
export function totalsHandlers(store: TotalsStore) {
  return {
    /** @param recordingId of a recording that is there */
    async recording(recordingId: string): Promise<Answer> {
      const [totals, hours] = await Promise.all([
        store.getTotals(recordingId),
        store.listViewers({ recordingId }, MOST_HOURS),
      ]);
      const none = { ...sumsOf(NOTHING), after: "0", complete: true };
      const body: RecordingTotalsReply = { ...totals ? toTotals(totals) : none, ...viewersOf(hours) };
      return { body };
    },
    async host(typed: string): Promise<Answer> {
      const username = readUsername(typed, "username");
      const [totals, hours] = await Promise.all([
        store.getHostTotals(username),
        store.listViewers({ username }, MOST_HOURS),
      ]);
      if (totals === undefined) {
        throw new AppError("not_found", `Find totals of ${username}: no event of the host was recorded`);
      }
      const { recordings }: HostTotals = totals;
      const body: HostTotalsReply = { username, recordings, ...sumsOf(totals), ...viewersOf(hours) };
      return { body };
    },
  };
}

/** Totals of a recording as the API tells them. */
export function toTotals(totals: RecordingTotals): TotalsReply {
  return { ...sumsOf(totals), after: String(totals.seq), complete: totals.missing.length === 0 };
}

function sumsOf({ types, ...totals }: Totals) {
  return {
    events: totals.count,
    types,
    diamonds: totals.diamonds,
    gifts: totals.gifts,
    likes: totals.likes,
    chats: types["chat"] ?? 0,
    follows: types["follow"] ?? 0,
    shares: types["share"] ?? 0,
    joins: types["join"] ?? 0,
    peak_viewers: totals.peakViewers,
    gifters: totals.gifters,
    top_gifters: totals.topGifters.map(({ userId, username, nickname, diamonds, gifts, lastAt }) => ({
      ...{ user_id: userId, username, nickname, diamonds, gifts, last_gift_at: lastAt },
    })),
    first_at: totals.firstAt,
    last_at: totals.lastAt,
  };
}

function viewersOf(hours: readonly ViewerHour[]) {
  const viewers = hours.flatMap(({ hour, peaks }) =>
    Object.entries(peaks).map(([minute, viewers]) => ({ at: hour * HOUR_MS + Number(minute) * MINUTE_MS, viewers }))
  );
  return { viewers_by_minute: viewers.sort((a, b) => a.at - b.at) };
}
