import { findFfmpeg } from "@roomtone/recorder";
import type { TikTok } from "@roomtone/sdk";
import { mkdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import { deadLetterFile } from "../../adapters/local/dead_letter_file.ts";
import { tiktokCanary } from "../../adapters/live/canary_probe.ts";
import { folderFiles } from "../../adapters/local/folder_files.ts";
import { pageFolder } from "../../adapters/local/page_folder.ts";
import { lockFolder } from "../../adapters/local/folder_lock.ts";
import { lineLogger } from "../../adapters/local/line_logger.ts";
import { poolLauncher } from "../../adapters/local/pool_launcher.ts";
import { type SqliteStore, sqliteStore } from "../../adapters/local/sqlite_store.ts";
import { diskSpace } from "../../adapters/local/disk_space.ts";
import { type GaugeReader, prometheusMetrics } from "../../adapters/local/prometheus_metrics.ts";
import { memoryAnswers } from "../../adapters/local/memory_answers.ts";
import { sqliteCanary } from "../../adapters/local/sqlite_canary.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { clipMaker } from "../../adapters/media/clip_maker.ts";
import { eventFiles } from "../../adapters/media/event_files.ts";
import { mediaRecorder, openRecordings, repairFolder } from "../../adapters/media/media_recorder.ts";
import type { LocalConfig } from "../../contract/config.ts";
import { alertRaiser, batchAlerts } from "../../core/alerts.ts";
import { AnswerCache } from "../../core/answer_cache.ts";
import { consumeEvents } from "../../core/consume_events.ts";
import { AlertDeliverer } from "../../core/deliver_alerts.ts";
import { followCanary } from "../../core/canary.ts";
import { CONSUMER_FEED, FeedReader } from "../../core/feed_reader.ts";
import { measuredLogger, measuredObserver, measuredStore } from "../../core/measure.ts";
import { RecentTrouble } from "../../core/recent_trouble.ts";
import { pollOptions, pollWatchlist } from "../../core/poll_watchlist.ts";
import { RecordingLog } from "../../core/recording_log.ts";
import { keepToPolicy } from "../../core/retention.ts";
import { runRecordings } from "../../core/run_recordings.ts";
import { waited } from "../../core/waiting.ts";
import { createApp } from "../../http/app.ts";
import type { ConsoleOptions } from "../../http/console_page.ts";
import type { ChangeRecord } from "../../ports/change_feed.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LiveLookup } from "../../ports/live_lookup.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Observer } from "../../ports/observer.ts";
import type { Random } from "../../ports/random.ts";
import type { Recorder } from "../../ports/recorder.ts";
import openApi from "../../openapi.json" with { type: "json" };
import { openAlertTargets } from "../alert_targets.ts";
import { identityOf } from "../identity.ts";
import { openUpstream } from "../open_upstream.ts";
import { openLocalKeys } from "./key_stores.ts";
import { repairRecordings } from "./repair_recordings.ts";
import { bindAddress, listen } from "./server.ts";

/** What {@link startLocal} works with in place of its defaults. */
export interface LocalDeps {
  /** A client that counts its own requests. @default one for the configured addresses, within the configured budget */
  tiktok?: TikTok;
  /** @default over the client */
  lookup?: LiveLookup;
  /** @default records with the client and ffmpeg, into the data folder */
  recorder?: Recorder;
  /** Closes a recording's folder that a crash left open. @default the recorder's own repair */
  repair?: (folder: string, signal: AbortSignal) => Promise<void>;
  /** @default lines on stderr */
  logger?: Logger;
  /** Is told what happens, as it happens. */
  observe?: Observer;
  clock?: Clock;
  random?: Random;
  /** Serves the API at the address that the host stands for. @default {@link listen} */
  listen?: typeof listen;
}

/** The whole system, running. */
export interface LocalSystem {
  /** Address of the API, such as `http://127.0.0.1:3000`. */
  url: string;
  store: SqliteStore;
  /** Folder that holds the folders of all recordings. */
  recordingsDir: string;
  /** Ends everything cleanly. Lives that are being recorded are recorded on at the next start. */
  stop(): Promise<void>;
}

/** Part of the requests to TikTok that callers may use: the watchlist and recordings have the rest at any time. */
const CALLERS_PART = 0.5;

/** How often it looks for alerts that are due, ms. */
const ALERTS_INTERVAL_MS = 1_000;

/**
 * Opens the store of a data folder, whether the system runs or not; both see each other's changes.
 * @param config whose `dataDir` is made when it is not there
 */
export function openLocalStore({ dataDir }: Pick<LocalConfig, "dataDir">): SqliteStore {
  mkdirSync(dataDir, { recursive: true });
  return sqliteStore(join(dataDir, "roomtone.db"));
}

/**
 * Starts the whole system in this process: store, poller, recorders, consumer of the event log, and the API. Bound to a
 * loopback address the API is open to this machine; else callers need an API key, see {@link openKeys}.
 * Recordings that a crash left open are closed, and go on in a new
 * part when their lives do.
 * @throws RecorderError when there is no ffmpeg
 * @throws Error when another process works in the data folder, or the port is taken
 *
 * @example
 * ```ts
 * import { loadConfig, LocalConfig, startLocal } from "@roomtone/functions/local";
 * const system = await startLocal(loadConfig(LocalConfig, {}), { observe: (event) => console.log(event.kind) });
 * await system.store.putWatch("some.host", Date.now());
 * ```
 */
export async function startLocal(config: LocalConfig, deps: LocalDeps = {}): Promise<LocalSystem> {
  const { clock = systemClock, random = Math.random } = deps;
  const metrics = prometheusMetrics({ upstream: () => upstream.state(), read: () => readGauges() });
  const observe = measuredObserver(metrics, deps.observe);
  const trouble = new RecentTrouble(clock);
  const processLog = trouble.around(measuredLogger(
    deps.logger ?? lineLogger((line) => process.stderr.write(`${line}\n`), clock),
    metrics,
  ));
  const { tiktok: client, lookup: look } = deps;
  const { tiktok, budget, upstream, sender } = openUpstream(config, {
    ...identityOf(config),
    tiktok: client,
    lookup: look,
    callersPart: CALLERS_PART,
    ...{ clock, random, metrics },
  });
  const lookup = upstream.prompt;
  const recordingsDir = join(resolve(config.dataDir), "recordings");
  const recorder = deps.recorder ?? mediaRecorder({ ...config, tiktok, dir: recordingsDir });

  let readGauges: GaugeReader = () => Promise.resolve({});

  if (deps.recorder === undefined && config.recorderSlots > 0) await findFfmpeg(config.ffmpeg, process.env);

  const unlock = lockFolder(resolve(config.dataDir));
  const closing: (() => unknown)[] = [unlock];
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    await mkdir(recordingsDir, { recursive: true });
    const opened = openLocalStore(config);
    const store = measuredStore(opened, metrics, clock);
    closing.push(() => opened.close());
    const recordingLog = new RecordingLog({ store, clock, random, logger: processLog });
    const logger = recordingLog.around(processLog);
    closing.push(() => recordingLog.close());
    const held = store.releaseHeldRecordings(clock.now());
    if (held > 0) logger.warn("recordings_taken_up_again", { recordings: held });

    // Before the first recorder starts, so that every open folder is one that nobody works in any more.
    const open = await openRecordings(recordingsDir);
    const ending = new AbortController();
    const repairDeps = { store, repair: deps.repair ?? repairFolder, recordingsDir, logger };
    const repairs = repairRecordings(repairDeps, open, ending.signal);
    closing.push(() => repairs);
    const deadLetters = deadLetterFile(join(resolve(config.dataDir), "dead_letters.jsonl"));
    const alerting = { store, clock, logger, rules: config.alerts };
    const raise = alertRaiser(alerting);
    const consumeDeps = { store, logger, onBatch: batchAlerts(alerting) };
    const consume = (records: readonly ChangeRecord[]) => consumeEvents(consumeDeps, records);
    const feed = { feed: store, handler: consume, deadLetters, clock, logger };
    const consumer = new FeedReader(feed, CONSUMER_FEED).run(ending.signal);
    closing.push(() => {
      ending.abort();
      return consumer;
    });

    const files = folderFiles(recordingsDir);
    const { retention, retentionIntervalMs } = config;
    const retained = keepToPolicy({ store, files, clock, logger }, retention, retentionIntervalMs, ending.signal);
    closing.push(() => {
      ending.abort();
      return retained;
    });

    const targets = await openAlertTargets(config.alerts, process.env);
    const deliverer = new AlertDeliverer({ store, targets, clock, random, logger });
    const delivered = deliverer.follow(ALERTS_INTERVAL_MS, ending.signal);
    closing.push(() => {
      ending.abort();
      return delivered;
    });

    const spool = eventFiles(recordingsDir);
    const owner = `local-${process.pid}`;
    const pool = runRecordings({ store, recorder, spool, clock, logger, raise, observe }, {
      ...config,
      owner,
      slots: config.recorderSlots,
    });
    closing.push(() => pool.stop());
    readGauges = async () => ({
      recordings_active: pool.active(),
      spool_events: pool.waitingEvents(),
      due_recordings: await store.countDueRecordings(clock.now()),
      due_watches: await store.countDueWatches(clock.now()),
      disk_free_bytes: (await diskSpace(recordingsDir)).freeBytes,
    });

    const stopping = new AbortController();
    const launcher = poolLauncher(pool);
    const poll = async () => {
      const options = { ...pollOptions(config), tickMs: config.pollTickMs, stayMs: Infinity };
      do {
        try {
          await pollWatchlist(
            { store, lookup: upstream.patient, budget, launcher, clock, random, logger, raise, observe },
            options,
            stopping.signal,
          );
        } catch (error) {
          logger.error("poll_failed", { error });
        }
      } while (await waited(clock, config.pollTickMs, stopping.signal));
    };
    const poller = poll();
    closing.push(() => {
      stopping.abort();
      return poller;
    });

    const canary = sqliteCanary(join(config.dataDir, "canary.db"));
    closing.push(() => canary.close());
    // A system over other look-ups than TikTok's has no protocol to look at.
    if (look === undefined && config.canaryIntervalMs > 0) {
      const identity = identityOf(config);
      const probe = tiktokCanary({
        addresses: config,
        turns: budget,
        identity,
        clock,
        listenMs: config.canaryListenMs,
      });
      const looking = followCanary(
        { probe, store: { ...canary, listRecordings: store.listRecordings }, clock, logger, metrics, observe },
        { intervalMs: config.canaryIntervalMs, hosts: config.canaryHosts },
        stopping.signal,
      );
      closing.push(() => {
        stopping.abort();
        return looking;
      });
    }

    const { address, loopback } = await bindAddress(config.host);
    const keys = openLocalKeys(config);
    closing.push(() => keys.close());
    const app = createApp({
      links: { lookup, clock },
      userInfo: { lookup, clock },
      followings: { lookup, clock },
      lives: { lookup, clock, sender: config.sendMessages ? sender : undefined },
      cache: new AnswerCache({ store: memoryAnswers(clock), clock, logger }),
      system: {
        ...{ store, clock, lookup, launcher, raise, observe },
        files,
        clips: clipMaker({ dir: join(resolve(config.dataDir), "clips"), ffmpeg: config.ffmpeg }),
        finish: (recordingId) => pool.finish(recordingId),
        retention,
        streams: true,
        status: {
          ...{ owner, recorderSlots: config.recorderSlots },
          tiktok: () => ({ calls: upstream.calls(), routes: tiktok.routes(), budget: budget.state() }),
          disk: async () => ({ ...await diskSpace(recordingsDir), leastFreeBytes: config.minFreeBytes }),
          trouble: () => trouble.report(),
        },
      },
      canary,
      openApi,
      console: consoleIn(config.consoleDir),
      logger,
      loopbackOnly: loopback,
      keys: { store: keys, clock },
      metrics,
      corsOrigins: config.corsOrigins,
      trustForwarded: config.trustForwarded,
    });
    const server = await (deps.listen ?? listen)(app, { host: address, port: config.port });
    closing.push(() => server.stop());
    logger.info("listening", { url: server.url, keysNeeded: !loopback, dataDir: resolve(config.dataDir) });
    return { url: server.url, store, recordingsDir, stop: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The console in a folder, if there is one. */
function consoleIn(folder: string | undefined): ConsoleOptions | undefined {
  const files = folder === undefined ? undefined : pageFolder(folder);
  return files && { files };
}
