/**
 * What a stage costs, by arithmetic over its templates and settings.
 * @module
 */
import type { StageConfig } from "../../infra/config.ts";
import { type PriceName, PRICES } from "./prices.ts";

/** One term of a sum. */
export interface CostLine {
  what: string;
  /** How much of what the price is for; in millions where the price is for a million. */
  quantity: number;
  /** How the quantity came about, in numbers. */
  how: string;
  price: PriceName;
  usd: number;
}

/** A sum, with the most that it may come to, where there is such a target. */
export interface Cost {
  title: string;
  lines: CostLine[];
  usd: number;
  mostUsd?: number;
}

/** What of a stage costs money while nothing happens. */
export interface Inventory {
  dashboards: number;
  alarms: number;
  /** Those that call a function every minute or few. */
  schedules: number;
}

const MINUTES_A_MONTH = 30 * 24 * 60;
/** Time that a run of the poller takes when the watchlist is empty, s, and memory of a function, GB. */
const IDLE_POLL_S = 0.3;
const FUNCTION_GB = 0.25;
/** Heads of shards that such a run looks at, in an index, half a unit each; and the count of open recordings. */
const IDLE_POLL_READS = 10 * 0.5;
const IDLE_POLL_LOG_BYTES = 1_500;
/** Metrics of an idle system: the poller's due names and recordings and its lateness, and the canary's drifts. */
const IDLE_METRICS = 4;
/** A look of the canary, each hour: it listens to a live for 20 s. */
const CANARY_LOOK_S = 30;
const HOURS_A_MONTH = 30 * 24;
/** Dashboards that CloudWatch has free in each account. */
const FREE_DASHBOARDS = 3;
/** Write units of ten events at a busy room's rate and mix, as `npm run bench -- events` measures and bounds them. */
const WRITE_UNITS_PER_10_EVENTS = 1.2;
/** Events of a batch at a busy room's 17 a second and a flush each 2 s. */
const EVENTS_PER_BATCH = 34;
/** Units that the consumer reads and writes for a batch: totals, and the ones who give. */
const TOTALS_READS_PER_BATCH = 2;
const TOTALS_WRITES_PER_BATCH = 4;
const BATCHES_PER_CALL = 10;
const CONSUMER_CALL_S = 0.1;
/** A call of the API: its key is read and counted, an answer is looked up; time by bench, and a line of each log. */
const API_CALL_S = 0.05;
const API_READS = 1.5;
const API_WRITES = 1;
const API_LOG_BYTES = 700;
/** X-Ray samples one call of a second, and one of twenty beyond. */
const TRACED_PART = 0.05;
const SEGMENTS_AN_HOUR = 600;
const RECORDER_LOG_BYTES_AN_HOUR = 50_000;

const cost = (title: string, mostUsd: number | undefined, lines: Omit<CostLine, "usd">[]): Cost => {
  const counted = lines.map((line) => ({ ...line, usd: line.quantity * PRICES[line.price].usd }));
  const usd = counted.reduce((sum, line) => sum + line.usd, 0);
  return { title, lines: counted, usd, ...(mostUsd !== undefined && { mostUsd }) };
};
const line = (what: string, price: PriceName, quantity: number, how: string): Omit<CostLine, "usd"> => ({
  ...{ what, price, quantity, how },
});
const MILLION = 1e6;
const GB = 1e9;

/** The idle system for a month: an empty watchlist, no calls. */
export function idleMonth(config: StageConfig, { alarms, schedules, dashboards }: Inventory): Cost {
  const runs = schedules * MINUTES_A_MONTH / config.pollMinutes;
  const counted = `${schedules} schedule(s) x ${MINUTES_A_MONTH} min / ${config.pollMinutes} min`;
  return cost("The idle system, a month", 5, [
    line("alarms", "alarm", alarms, `${alarms} metrics of alarms`),
    line("custom metrics", "metric", IDLE_METRICS, `${IDLE_METRICS} that poller and canary write`),
    line(
      "dashboard",
      "dashboard",
      Math.max(0, dashboards - FREE_DASHBOARDS),
      `${dashboards}, of the ${FREE_DASHBOARDS} that each account has free`,
    ),
    line("schedule", "schedule", runs / MILLION, counted),
    line("poller and alerts, calls", "lambdaCall", runs / MILLION, counted),
    line(
      "poller and alerts, time",
      "lambdaGbSecond",
      runs * IDLE_POLL_S * FUNCTION_GB,
      `${runs} x ${IDLE_POLL_S} s x ${FUNCTION_GB} GB`,
    ),
    line(
      "poller and alerts, reads",
      "readUnit",
      runs * IDLE_POLL_READS / MILLION,
      `${runs} x ${IDLE_POLL_READS} units`,
    ),
    line(
      "canary, time",
      "lambdaGbSecond",
      HOURS_A_MONTH * CANARY_LOOK_S * FUNCTION_GB,
      `${HOURS_A_MONTH} x ${CANARY_LOOK_S} s x ${FUNCTION_GB} GB`,
    ),
    line("poller and alerts, log", "logGb", runs * IDLE_POLL_LOG_BYTES / GB, `${runs} x ${IDLE_POLL_LOG_BYTES} bytes`),
  ]);
}

/** A recorded hour of one room, at a full task, at the price of Fargate without Spot. */
export function recordedHour({ recorder }: StageConfig, roomsPerTask = recorder.slots): Cost {
  const share = (amount: number) => amount / roomsPerTask;
  const [cpus, gb, disk] = [recorder.cpu / 1_024, recorder.memoryMiB / 1_024, Math.max(0, recorder.diskGiB - 20)];
  return cost(`A recorded hour on Fargate, ${roomsPerTask} rooms a task`, 0.01, [
    line("processors", "fargateCpuHour", share(cpus), `${cpus} vCPU / ${roomsPerTask}`),
    line("memory", "fargateGbHour", share(gb), `${gb} GB / ${roomsPerTask}`),
    line("disk", "fargateDiskGbHour", share(disk), `${disk} GB / ${roomsPerTask}`),
    line("address", "publicAddressHour", share(1), `1 / ${roomsPerTask}`),
  ]);
}

/** What a recorded hour costs beside Fargate: its files, its rows and its log. Nothing limits how much is kept. */
export function storedHour(gbAnHour = 0.9): Cost {
  return cost("The same hour's files and rows, at 2 Mb/s", undefined, [
    line("segments", "s3Put", SEGMENTS_AN_HOUR / MILLION, `${SEGMENTS_AN_HOUR} of 6 s`),
    line(
      "rows",
      "writeUnit",
      SEGMENTS_AN_HOUR * 4 / MILLION,
      `${SEGMENTS_AN_HOUR} x 2 items in a transaction, 2 units each`,
    ),
    line("log", "logGb", RECORDER_LOG_BYTES_AN_HOUR / GB, `${RECORDER_LOG_BYTES_AN_HOUR} bytes`),
    line("kept for a month", "s3GbMonth", gbAnHour, `2 Mb/s x 3600 s / 8 / 1000`),
  ]);
}

/** A million events of a busy room: the writes of the events table. */
export function millionEvents(): Cost {
  const units = MILLION / 10 * WRITE_UNITS_PER_10_EVENTS;
  return cost("A million events of a busy room, stored", 0.20, [
    line("writes", "writeUnit", units / MILLION, `1000000 / 10 x ${WRITE_UNITS_PER_10_EVENTS} units`),
  ]);
}

/** What the consumer costs for a million events. */
export function millionEventsConsumed(): Cost {
  const batches = MILLION / EVENTS_PER_BATCH;
  const calls = batches / BATCHES_PER_CALL;
  const of = `1000000 / ${EVENTS_PER_BATCH} events a batch`;
  return cost("The same million, added up by the consumer", undefined, [
    line("calls", "lambdaCall", calls / MILLION, `${of} / ${BATCHES_PER_CALL} batches a call`),
    line(
      "time",
      "lambdaGbSecond",
      calls * CONSUMER_CALL_S * FUNCTION_GB,
      `calls x ${CONSUMER_CALL_S} s x ${FUNCTION_GB} GB`,
    ),
    line("reads", "readUnit", batches * TOTALS_READS_PER_BATCH / MILLION, `${of} x ${TOTALS_READS_PER_BATCH}`),
    line("writes", "writeUnit", batches * TOTALS_WRITES_PER_BATCH / MILLION, `${of} x ${TOTALS_WRITES_PER_BATCH}`),
  ]);
}

/** A million calls of the API that are answered out of what is kept. */
export function millionCalls(): Cost {
  return cost("A million calls of the API", undefined, [
    line("gateway", "apiCall", 1, "1000000"),
    line("functions, calls", "lambdaCall", 1, "1000000"),
    line(
      "functions, time",
      "lambdaGbSecond",
      MILLION * API_CALL_S * FUNCTION_GB,
      `1000000 x ${API_CALL_S} s x ${FUNCTION_GB} GB`,
    ),
    line("keys and answers, reads", "readUnit", API_READS, `1000000 x ${API_READS} units`),
    line("counted, writes", "writeUnit", API_WRITES, `1000000 x ${API_WRITES} unit`),
    line("logs", "logGb", MILLION * API_LOG_BYTES / GB, `1000000 x ${API_LOG_BYTES} bytes`),
    line("traces", "xrayTrace", TRACED_PART, `1000000 x ${TRACED_PART}`),
  ]);
}

/** A month of the poller with names on the list: it stays for those that come due before the next run. */
export function watchingMonth({ pollMinutes, pollSchedules }: StageConfig): Cost {
  const seconds = pollSchedules * MINUTES_A_MONTH / pollMinutes * 50;
  return cost("Beside the idle system, with names on the watchlist, at most, a month", undefined, [
    line("poller, time", "lambdaGbSecond", seconds * FUNCTION_GB, `${seconds} s x ${FUNCTION_GB} GB`),
  ]);
}

/** The sums as text, each with its arithmetic. */
export function costText(costs: readonly Cost[]): string {
  const usd = (amount: number) => `$${amount < 0.1 ? amount.toFixed(6) : amount.toFixed(2)}`;
  return costs.map(({ title, lines, usd: total, mostUsd }) => {
    const target = mostUsd === undefined ? "" : ` (at most ${usd(mostUsd)}: ${total <= mostUsd ? "met" : "MISSED"})`;
    const terms = lines.map(({ what, how, price, quantity, usd: amount }) =>
      `  ${usd(amount).padStart(10)}  ${what}: ${how} = ${Number(quantity.toPrecision(4))}` +
      ` x ${Number(PRICES[price].usd.toPrecision(6))} per ${PRICES[price].per}`
    );
    return [`${title}: ${usd(total)}${target}`, ...terms].join("\n");
  }).join("\n\n");
}
