/**
 * Bundles the functions and writes the CloudFormation templates of a stage to `cdk.out`, without an account or network:
 * `bun run synth [STAGE]`, `dev` by default.
 * @module
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { stageConfig } from "../infra/config.ts";
import { STACK_PARTS, stackName } from "../infra/roomtone.ts";
import { buildFunctions, sizeLines } from "./build_functions.ts";
import { bun, ROOT } from "./tools.mjs";

/**
 * Bundles the functions and writes the templates of a stage.
 * @returns files that were written
 * @throws RangeError or TypeError that names every fault of the stage's settings
 * @throws Error when a bundle or the templates cannot be made
 */
export function synth(stage: string): string[] {
  stageConfig(stage);
  process.stdout.write(sizeLines(buildFunctions()));
  rmSync(join(ROOT, "cdk.out"), { recursive: true, force: true });
  const run = spawnSync(bun(), [join(ROOT, "infra", "bin", "app.ts"), stage], { cwd: ROOT, stdio: "inherit" });
  if (run.status !== 0) throw new Error(`Cannot write the templates of ${stage}`);
  return STACK_PARTS.map((part) => `cdk.out/${stackName(stage, part)}.template.json`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    for (const file of synth(process.argv[2] ?? "dev")) process.stdout.write(`${file}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
