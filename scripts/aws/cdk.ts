/**
 * The CDK's command line and AWS's, for the commands that reach an account.
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import type { StageConfig } from "../../infra/config.ts";
import { onPath, packageChecker, ROOT } from "../tools.mjs";

/** Where synth writes the templates. */
const OUT = join(ROOT, "cdk.out");

/** Settings that keep the CDK's command line to itself: no telemetry, no news, no version check. */
const QUIET = { CDK_DISABLE_CLI_TELEMETRY: "true", CDK_DISABLE_VERSION_CHECK: "1" };

/**
 * Runs the CDK's command line on the templates that synth wrote: the `cdk` that `ROOMTONE_CDK` names, else the pinned one.
 * @returns its exit code
 */
export function cdk(config: StageConfig, ...args: string[]): number {
  const named = process.env.ROOMTONE_CDK;
  const [program, first] = named === undefined ? ["node", [packageChecker("cdk")]] : [named, []];
  const run = spawnSync(program, [...first, ...args, "--app", OUT, "--no-notices", "--no-version-reporting"], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...QUIET, AWS_REGION: config.region },
  });
  if (run.error !== undefined) throw run.error;
  return run.status ?? 1;
}

/** Runs AWS's command line. @returns its standard output @throws Error with what it said when it fails */
export function aws(config: StageConfig, ...args: string[]): string {
  const program = onPath("aws");
  if (program === undefined) {
    throw new Error(
      "Cannot reach the account: AWS's command line (aws) is not on PATH; its page says how to install it",
    );
  }
  const run = spawnSync(program, [...args, "--region", config.region, "--output", "json"], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`aws ${args.slice(0, 2).join(" ")} failed: ${run.stderr.trim()}`);
  return run.stdout;
}

/**
 * Checks that the credentials at hand are of the account that the stage is for.
 * @throws Error when they are not, when there are none, or when prod names no account
 */
export function checkAccount(config: StageConfig): string {
  if (config.account === undefined && config.retainData) {
    throw new Error(`Cannot deploy ${config.stage}: it keeps data, and infra/config.ts names no account for it`);
  }
  const { Account } = JSON.parse(aws(config, "sts", "get-caller-identity")) as { Account: string };
  if (config.account !== undefined && config.account !== Account) {
    throw new Error(`Cannot deploy ${config.stage}: the credentials are of account ${Account}, not ${config.account}`);
  }
  return Account;
}

/** Asks a question on the terminal. @returns whether the answer was yes; without a terminal it is no */
export async function confirmed(question: string): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
  const answer = await Promise.race([terminal.question(`${question} (yes/no) `), ended]);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** Outputs of a stack that is deployed, by name. */
export function outputsOf(config: StageConfig, stack: string): Record<string, string> {
  const { Stacks } = JSON.parse(aws(config, "cloudformation", "describe-stacks", "--stack-name", stack)) as {
    Stacks: { Outputs?: { OutputKey: string; OutputValue: string }[] }[];
  };
  return Object.fromEntries((Stacks[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}

/** Reads `STAGE` and flags of a command line. @throws TypeError that tells how it is used */
export function commandLine(usage: string, flags: readonly string[]): { stage: string; given: ReadonlySet<string> } {
  const words = process.argv.slice(2);
  const [stage, ...more] = words.filter((word) => !word.startsWith("--"));
  const given = new Set(words.filter((word) => word.startsWith("--")));
  const unknown = [...given].filter((flag) => !flags.includes(flag));
  if (stage === undefined || more.length > 0 || unknown.length > 0) throw new TypeError(`usage: ${usage}`);
  return { stage, given };
}

/** Runs a command; what it throws is told in a line. */
export async function main(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
