import { countText } from "../format.ts";
import type { Battle, EventLog } from "./event_log.ts";

/** A moment worth a look. */
export interface Moment {
  atMs: number;
  kind: "peak" | "gift" | "battle";
  text: string;
}

/** Length of a stretch in which messages are counted for a peak, ms. */
const STRETCH_MS = 10_000;
const MOST_OF_A_KIND = 12;
/** Least worth of a gift that is a moment, diamonds. */
const GREAT_GIFT = 100;

/** Stretches with far more chat than usual, the greatest gifts, battles; in the order of their times. */
export function momentsOf(log: EventLog): Moment[] {
  const battles = [...log.battles.values()].map((battle): Moment => ({
    atMs: battle.fromMs,
    kind: "battle",
    text: battleText(battle),
  }));
  return [...peaksOf(log), ...greatGiftsOf(log), ...battles].sort((a, b) => a.atMs - b.atMs);
}

function peaksOf(log: EventLog): Moment[] {
  const chats = new Map<number, number>();
  for (const [second, { chats: count }] of log.seconds) {
    const stretch = Math.floor(second * 1000 / STRETCH_MS);
    chats.set(stretch, (chats.get(stretch) ?? 0) + count);
  }
  const counts = [...chats.values()];
  const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  const spread = Math.sqrt(counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / Math.max(1, counts.length));
  return [...chats].filter(([, count]) => count >= 5 && count > mean + 2 * spread)
    .sort(([, a], [, b]) => b - a).slice(0, MOST_OF_A_KIND)
    .map(([stretch, count]) => ({
      atMs: stretch * STRETCH_MS,
      kind: "peak",
      text: `${count} messages in ${STRETCH_MS / 1000} s`,
    }));
}

function greatGiftsOf(log: EventLog): Moment[] {
  return log.lines.filter(({ kind, diamonds }) => kind === "gift" && diamonds >= GREAT_GIFT)
    .sort((a, b) => b.diamonds - a.diamonds).slice(0, MOST_OF_A_KIND)
    .map(({ atMs, person, text, diamonds }) => ({
      atMs,
      kind: "gift",
      text: `${person.nickname || person.username}: ${text} (${countText(diamonds)} diamonds)`,
    }));
}

/** Who met whom, and how it stands. */
function battleText({ hosts, toMs }: Battle): string {
  const names = hosts.filter(({ name }) => name !== "").map(({ name }) => `@${name}`);
  const points = hosts.map((host) => host.points);
  const score = points.length > 1 && points.every((each) => each !== undefined)
    ? points.map((each) => countText(each)).join(" : ")
    : "";
  const who = names.length > 1 ? names.join(" against ") : "a battle";
  return [who, score, toMs === undefined ? "" : "ended"].filter((part) => part !== "").join(", ");
}
