import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Standin, startStandin } from "../../../tests/standin/mod.ts";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { FakeRecorder } from "../../../tests/fakes/fake_recorder.ts";
import { ManualClock, until } from "../../../tests/fakes/manual_clock.ts";
import { loadConfig, LocalConfig } from "../../contract/config.ts";
import { METRICS } from "../../contract/metrics.ts";
import { type LocalSystem, startLocal } from "./local_system.ts";

/** The samples of a page, by name and labels. */
function samples(page: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of page.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const space = line.lastIndexOf(" ");
    found.set(line.slice(0, space).replace(/^roomtone_/, ""), Number(line.slice(space + 1)));
  }
  return found;
}

describe("GET /metrics of the local system", () => {
  let dataDir: string;
  let standin: Standin;
  let system: LocalSystem;
  let clock: ManualClock;
  let recorder: FakeRecorder;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "roomtone-metrics-"));
    standin = await startStandin({ media: false });
    clock = new ManualClock();
    recorder = new FakeRecorder();
    const config = loadConfig(LocalConfig, {
      ROOMTONE_PORT: "0",
      ROOMTONE_DATA_DIR: dataDir,
      ROOMTONE_TIKTOK_WEB_URL: standin.baseUrls.web,
      ROOMTONE_TIKTOK_WEBCAST_URL: standin.baseUrls.webcast,
      ROOMTONE_TIKTOK_SOCKET_URL: standin.baseUrls.socket,
      ROOMTONE_TIKTOK_TTWID_URL: standin.baseUrls.ttwid,
    });
    system = await startLocal(config, { recorder, logger: new CaptureLogger(), clock, random: () => 0.5 });
  });
  afterEach(async () => {
    await system.stop();
    await standin.stop();
    await rm(dataDir, { recursive: true });
  });

  const scrape = async () => samples(await (await fetch(`${system.url}/metrics`)).text());

  it("has every metric of the list, with the values of what happened", async () => {
    standin.room("some.host").startLive({ seed: "metrics" });
    standin.room("refused.host");
    await system.store.putWatch("some.host", clock.now());
    assertEquals((await scrape()).get("due_watches"), 1);
    await clock.advance(1_000);
    await until(() => recorder.runs.length === 1);

    const run = recorder.last();
    run.started(clock.now());
    const tell = (type: string) =>
      run.tell({ type: "event", event: { type, id: "", at: clock.now(), diamonds: 0, json: `{"type":"${type}"}` } });
    for (const type of ["connected", "gap", "connected"]) tell(type);
    run.tell({ type: "gap", data: {} });
    run.tell({
      type: "segment",
      segment: { index: 0, uri: "a", startAt: clock.now() - 6_000, durationMs: 6_000, bytes: 1_000, sha256: "00" },
    });
    await until(async () => {
      await clock.advance(500);
      return (await scrape()).get("events_written_total") === 3;
    });

    standin.fault({ kind: "http", route: "api_live", reply: "captcha_page" });
    standin.fault({ kind: "http", route: "live_page", reply: "captcha_page" });
    const refused = fetch(`${system.url}/api/links?usernames[]=refused.host`);
    assertEquals((await refused).status, 503);

    const running = await scrape();
    const told = Object.fromEntries(
      [
        "recordings_active",
        "recordings_started_total",
        "recorded_bytes_total",
        'live_lag_seconds_count{half="video"}',
        'live_lag_seconds_count{half="events"}',
        'recording_gaps_total{half="video"}',
        'recording_gaps_total{half="events"}',
        "reconnects_total",
        'tiktok_refusals_total{code="captcha"}',
        "events_written_total",
        "due_recordings",
      ].map((name) => [name, running.get(name)]),
    );
    assertEquals(told, {
      recordings_active: 1,
      recordings_started_total: 1,
      recorded_bytes_total: 1_000,
      'live_lag_seconds_count{half="video"}': 1,
      'live_lag_seconds_count{half="events"}': 1,
      'recording_gaps_total{half="video"}': 1,
      'recording_gaps_total{half="events"}': 1,
      reconnects_total: 1,
      'tiktok_refusals_total{code="captcha"}': 1,
      events_written_total: 3,
      due_recordings: 0,
    });
    assert((running.get("disk_free_bytes") ?? 0) > 0);
    const page = await (await fetch(`${system.url}/metrics`)).text();
    for (const name of Object.keys(METRICS)) assert(page.includes(`# TYPE roomtone_${name} `), name);
    assert(!page.includes("some.host") && !page.includes("refused.host"), "a host is a label");

    run.end({ kind: "ended" });
    await until(async () => (await scrape()).get('recordings_finished_total{outcome="ended"}') === 1);
    assertEquals((await scrape()).get("recordings_active"), 0);
  });
});
