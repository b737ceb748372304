import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "node:test";
import { stageConfig } from "../../infra/config.ts";
import { costText, idleMonth, millionEvents, recordedHour } from "../../scripts/aws/costs.ts";
import { PRICED_ON, PRICES } from "../../scripts/aws/prices.ts";

describe("costs", () => {
  it("add up to what their lines say, and are what the arithmetic gives", () => {
    const hour = recordedHour(stageConfig("prod"));
    assertEquals(
      Number(hour.usd.toPrecision(3)),
      Number(((0.03238 + 4 * 0.00356 + 80 * 0.000111 + 0.005) / 25).toPrecision(3)),
    );
    assertEquals(Number(millionEvents().usd.toPrecision(6)), 0.075);
    const idle = idleMonth(stageConfig("dev"), { alarms: 10, schedules: 1, dashboards: 1 });
    assertEquals(
      Number(idle.lines.reduce((sum, { usd }) => sum + usd, 0).toPrecision(6)),
      Number(idle.usd.toPrecision(6)),
    );
    const more = idleMonth(stageConfig("dev"), { alarms: 20, schedules: 1, dashboards: 1 });
    assertEquals(Number((more.usd - idle.usd).toPrecision(6)), 1);
  });

  it("keep to the targets for every stage", () => {
    for (const stage of ["dev", "prod"]) {
      const { usd, mostUsd = 0 } = recordedHour(stageConfig(stage));
      assert(usd <= mostUsd, stage);
    }
    const { usd, mostUsd = 0 } = millionEvents();
    assertEquals(mostUsd, 0.20);
    assert(usd <= mostUsd);
  });

  it("say when a target is missed", () => {
    const text = costText([idleMonth(stageConfig("dev"), { alarms: 60, schedules: 1, dashboards: 1 })]);
    assertStringIncludes(text, "at most $5.00: MISSED");
    assertStringIncludes(text, "60 metrics of alarms = 60 x 0.1 per alarm metric and month");
  });

  it("come from a dated table, each price with its source", () => {
    assert(/^\d{4}-\d\d-\d\d$/.test(PRICED_ON));
    for (const [name, { usd, source }] of Object.entries(PRICES)) {
      assert(usd > 0 && source.startsWith("https://aws.amazon.com/"), name);
    }
  });
});
