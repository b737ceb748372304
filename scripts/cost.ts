/**
 * Prints what a stage costs, with the arithmetic: `bun run cost STAGE`, `dev` by default. Needs no account.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { stageConfig } from "../infra/config.ts";
import * as costs from "./aws/costs.ts";
import { PRICED_ON, PRICED_REGION, PRICES } from "./aws/prices.ts";
import { LAMBDAS } from "./build_functions.ts";
import { bun, ROOT } from "./tools.mjs";

/** What of a stage's templates costs money while nothing happens. */
function inventory(stage: string): costs.Inventory {
  const scratch = mkdtempSync(join(tmpdir(), "roomtone-cost-"));
  try {
    for (const name of [...LAMBDAS, "recorder_task"]) {
      mkdirSync(join(scratch, "dist", name), { recursive: true });
      writeFileSync(join(scratch, "dist", name, "Dockerfile"), "");
    }
    const out = join(scratch, "out");
    const env = { ...process.env, CDK_OUTDIR: out, ROOMTONE_DIST: join(scratch, "dist") };
    const run = spawnSync(bun(), [join(ROOT, "infra", "bin", "app.ts"), stage], { cwd: ROOT, env, encoding: "utf8" });
    if (run.status !== 0) throw new Error(`Cannot write the templates of ${stage}: ${run.stderr}`);
    const resources = readdirSync(out).filter((name) => name.endsWith(".template.json")).flatMap((name) =>
      Object.values(JSON.parse(readFileSync(join(out, name), "utf8")).Resources) as {
        Type: string;
        Properties?: { Metrics?: { MetricStat?: unknown }[]; ScheduleExpression?: string };
      }[]
    );
    const of = (type: string) => resources.filter(({ Type }) => Type === type);
    // An alarm on a sum is charged for each metric in it.
    const metricsOf = (alarm: (typeof resources)[number]) =>
      alarm.Properties?.Metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1;
    const alarms = of("AWS::CloudWatch::Alarm").reduce((sum, alarm) => sum + metricsOf(alarm), 0);
    const schedules = of("AWS::Scheduler::Schedule").filter(({ Properties }) =>
      Properties?.ScheduleExpression?.includes("minute")
    );
    const dashboards = of("AWS::CloudWatch::Dashboard").length;
    return { alarms, dashboards, schedules: schedules.length };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const stage = process.argv[2] ?? "dev";
    const config = stageConfig(stage);
    const counted = inventory(stage);
    const sums = [
      costs.idleMonth(config, counted),
      costs.watchingMonth(config),
      costs.recordedHour(config),
      ...(config.recorder.slots === 25 ? [] : [costs.recordedHour(stageConfig("prod"), 25)]),
      costs.storedHour(),
      costs.millionEvents(),
      costs.millionEventsConsumed(),
      costs.millionCalls(),
    ];
    const sources = [...new Set(Object.values(PRICES).map(({ source }) => source))].join("\n  ");
    process.stdout.write(
      `Stage ${stage}, AWS's list prices of ${PRICED_REGION} on ${PRICED_ON}, without free tiers (but dashboards), taxes and traffic:\n  ` +
        `${sources}\n\n${costs.costText(sums)}\n`,
    );
    if (sums.some(({ usd, mostUsd }) => mostUsd !== undefined && usd > mostUsd)) process.exit(1);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
