import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/** Minutes that are kept. */
const MINUTES = 15;
const MINUTE_MS = 60_000;

/** Warnings and errors of a minute. */
export interface MinuteOfTrouble {
  /** Its beginning, ms. */
  at: number;
  warnings: number;
  errors: number;
}

/** Lines of one name. */
export interface KindOfTrouble {
  event: string;
  level: "warn" | "error";
  count: number;
  lastAt: number;
}

/** The last minutes' trouble. */
export interface TroubleReport {
  /** The newest last; all of them, also those without any. */
  minutes: MinuteOfTrouble[];
  /** What it was in these minutes, the newest first. */
  kinds: KindOfTrouble[];
}

/** Counts the warnings and errors of a log, for as long as people look back. */
export class RecentTrouble {
  readonly #clock: Pick<Clock, "now">;
  /** By minute, then by name. Names are those of the code's log lines, so they stay few. */
  readonly #minutes = new Map<number, Map<string, KindOfTrouble>>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** A log whose lines are counted. */
  around(logger: Logger): Logger {
    return {
      info: (event, fields) => logger.info(event, fields),
      warn: (event, fields) => {
        this.#count(event, "warn");
        logger.warn(event, fields);
      },
      error: (event, fields) => {
        this.#count(event, "error");
        logger.error(event, fields);
      },
    };
  }

  report(): TroubleReport {
    const last = minuteOf(this.#clock.now());
    this.#forget(last);
    const minutes = Array.from({ length: MINUTES }, (_, index): MinuteOfTrouble => {
      const at = last - (MINUTES - 1 - index) * MINUTE_MS;
      const of = (level: "warn" | "error") =>
        [...this.#minutes.get(at)?.values() ?? []].reduce(
          (sum, kind) => sum + (kind.level === level ? kind.count : 0),
          0,
        );
      return { at, warnings: of("warn"), errors: of("error") };
    });
    const kinds = new Map<string, KindOfTrouble>();
    for (const counted of this.#minutes.values()) {
      for (const [key, { count, lastAt, ...kind }] of counted) {
        const sum = kinds.get(key);
        kinds.set(key, { ...kind, count: count + (sum?.count ?? 0), lastAt: Math.max(lastAt, sum?.lastAt ?? 0) });
      }
    }
    return { minutes, kinds: [...kinds.values()].sort((a, b) => b.lastAt - a.lastAt) };
  }

  #count(event: string, level: "warn" | "error"): void {
    const now = this.#clock.now();
    const minute = minuteOf(now);
    this.#forget(minute);
    const counted = this.#minutes.get(minute) ?? new Map<string, KindOfTrouble>();
    this.#minutes.set(minute, counted);
    const key = `${level} ${event}`;
    counted.set(key, { event, level, count: (counted.get(key)?.count ?? 0) + 1, lastAt: now });
  }

  #forget(last: number): void {
    for (const at of this.#minutes.keys()) if (at <= last - MINUTES * MINUTE_MS) this.#minutes.delete(at);
  }
}

function minuteOf(at: number): number {
  return at - at % MINUTE_MS;
}
