import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import * as v from "valibot";
import { type DistributionName, METRICS } from "../../contract/metrics.ts";
import { emfMetrics } from "./emf_metrics.ts";

const Name = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
/** What AWS specifies as the embedded metric format, as strictly as it does. */
const EmfRecord = v.pipe(
  v.objectWithRest({
    _aws: v.strictObject({
      Timestamp: v.pipe(v.number(), v.integer(), v.minValue(1)),
      CloudWatchMetrics: v.pipe(
        v.array(v.strictObject({
          Namespace: v.pipe(v.string(), v.regex(/^[0-9A-Za-z.\-_/#:]{1,1024}$/)),
          Dimensions: v.pipe(v.array(v.pipe(v.array(Name), v.maxLength(30))), v.length(1)),
          Metrics: v.pipe(
            v.array(v.strictObject({ Name, Unit: v.picklist(["Count", "Bytes", "Seconds"]) })),
            v.minLength(1),
            v.maxLength(100),
          ),
        })),
        v.length(1),
      ),
    }),
  }, v.union([v.string(), v.number(), v.pipe(v.array(v.number()), v.minLength(1), v.maxLength(100))])),
  v.check((record) => {
    const [metrics] = record._aws.CloudWatchMetrics;
    if (metrics === undefined) return false;
    const dimensions = metrics.Dimensions.flat();
    const names = metrics.Metrics.map(({ Name }) => Name);
    const fields = ["_aws", ...dimensions, ...names];
    return new Set(fields).size === fields.length && Object.keys(record).sort().join() === fields.sort().join() &&
      dimensions.every((name) => typeof record[name] === "string" && record[name] !== "") &&
      names.every((name) => typeof record[name] !== "string");
  }, "each dimension and each metric is a member, and nothing else is"),
);

function open() {
  const lines: string[] = [];
  const metrics = emfMetrics("poller", (line) => lines.push(line));
  const read = () => lines.splice(0).map((line) => v.parse(EmfRecord, JSON.parse(line)));
  return { lines, metrics, read };
}

describe("emfMetrics()", () => {
  it("writes records of CloudWatch's embedded metric format, one for each set of dimensions", () => {
    const { metrics, read } = open();
    metrics.count("events_written_total", 3);
    metrics.count("events_written_total", 4);
    metrics.set("recordings_active", 5);
    metrics.set("recordings_active", 2);
    metrics.observe("live_lag_seconds", 1.5, "video");
    metrics.observe("live_lag_seconds", 2.5, "video");
    metrics.count("tiktok_refusals_total", 1, "captcha");
    metrics.flush();
    const records = read().map(({ _aws, ...fields }) => ({ ...fields, units: _aws.CloudWatchMetrics[0]?.Metrics }));
    assertEquals(records, [
      {
        ...{ service: "poller", events_written_total: 7, recordings_active: 2 },
        units: [{ Name: "events_written_total", Unit: "Count" }, { Name: "recordings_active", Unit: "Count" }],
      },
      {
        ...{ service: "poller", half: "video", live_lag_seconds: [1.5, 2.5] },
        units: [{ Name: "live_lag_seconds", Unit: "Seconds" }],
      },
      {
        ...{ service: "poller", code: "captcha", tiktok_refusals_total: 1 },
        units: [{ Name: "tiktok_refusals_total", Unit: "Count" }],
      },
    ]);
  });

  it("writes nothing when nothing was counted, and each number once", () => {
    const { metrics, lines, read } = open();
    metrics.flush();
    assertEquals(lines, []);
    metrics.count("lease_losses_total");
    metrics.flush();
    metrics.flush();
    assertEquals(read().map((record) => record["lease_losses_total"]), [1]);
  });

  it("parts what is more than a record holds, and loses nothing", () => {
    const { metrics, read } = open();
    for (let value = 0; value < 250; value++) metrics.observe("live_lag_seconds", value, "events");
    metrics.flush();
    const values = read().flatMap((record) => record["live_lag_seconds"]);
    assertEquals(values, Array.from({ length: 250 }, (_, value) => value));
  });

  it("tells a label that is not of the list as other", () => {
    const { metrics, read } = open();
    metrics.count("recordings_finished_total", 1, "some.host");
    metrics.flush();
    assertEquals(read().map((record) => record["outcome"]), ["other"]);
  });

  it("takes every metric of the list", () => {
    const { metrics, read } = open();
    for (const [name, { kind }] of Object.entries(METRICS)) {
      if (kind === "counter") metrics.count(name as "events_written_total");
      else if (kind === "gauge") metrics.set(name as "recordings_active", 0);
      else metrics.observe(name as DistributionName, 0);
    }
    metrics.flush();
    const written = read().flatMap(({ _aws }) => _aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics));
    assertEquals(written.map(({ Name }) => Name).sort(), Object.keys(METRICS).sort());
    assert(written.every(({ Name, Unit }) => (Unit === "Seconds") === Name.includes("_seconds")));
  });
});
