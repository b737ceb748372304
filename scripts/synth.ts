/**
 * Bundles the functions and writes the CloudFormation template of a stage to `cdk.out`, without an account or network:
 * `bun run synth [STAGE]`, `dev` by default.
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { buildFunctions } from "./build_functions.ts";
import { bun, ROOT } from "./tools.mjs";

const stage = process.argv[2] ?? "dev";
buildFunctions();
const { status } = spawnSync(bun(), [join(ROOT, "infra", "bin", "app.ts"), stage], { cwd: ROOT, stdio: "inherit" });
if (status === 0) process.stdout.write(`cdk.out/Roomtone-${stage}.template.json\n`);
process.exit(status ?? 1);
