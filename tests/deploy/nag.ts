/**
 * Prints what cdk-nag says about a stage, as JSON lines of rule and resource. A program of its own: templates cannot be
 * asserted on in a process that it validates in.
 *
 * `bun tests/deploy/nag.ts STAGE OUTDIR`
 * @module
 */
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { stageConfig } from "../../infra/config.ts";
import { addStacks } from "../../infra/roomtone.ts";
import { emptyBundles } from "../infra/synthesise.ts";

const [stage = "dev", scratch = ""] = process.argv.slice(2);
const outdir = join(scratch, "out");
const app = new App({ outdir, analyticsReporting: false });
addStacks(app, { config: stageConfig(stage), distDir: emptyBundles(join(scratch, "dist")) });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
process.stdout.write(readFileSync(join(outdir, "validation-report.json"), "utf8"));
process.exit(0);
