/**
 * Writes the templates of a stage to `cdk.out`: `bun infra/bin/app.ts [STAGE]` (`dev` by default). The bundles must be
 * built before. Needs no account, network or docker.
 * @module
 */
import { App } from "aws-cdk-lib";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { stageConfig } from "../config.ts";
import { addStacks } from "../roomtone.ts";

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const config = stageConfig(process.argv[2] ?? "dev");
const app = new App({ outdir: process.env.CDK_OUTDIR ?? folder("../../cdk.out"), analyticsReporting: false });
addStacks(app, { config, distDir: process.env.ROOMTONE_DIST ?? folder("../../dist") });
app.synth();
