/**
 * Deploys a stage: `bun run deploy STAGE [--dry-run] [--yes]`. It builds, writes the templates, shows what would change,
 * asks, deploys, and looks whether it works. `--dry-run` ends before the account is looked at; `--yes` asks nothing.
 * @module
 */
import process from "node:process";
import { stageConfig } from "../infra/config.ts";
import { stackName } from "../infra/roomtone.ts";
import { cdk, checkAccount, commandLine, confirmed, main, outputsOf } from "./aws/cdk.ts";
import { smokeTest } from "./aws/smoke_test.ts";
import { synth } from "./synth.ts";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

await main(async () => {
  const { stage, given } = commandLine("bun run deploy STAGE [--dry-run] [--yes]", ["--dry-run", "--yes"]);
  const config = stageConfig(stage);
  const dryRun = given.has("--dry-run");
  // Before anything is built: who has the wrong credentials learns it at once.
  const account = dryRun ? "" : checkAccount(config);
  for (const file of synth(stage)) say(file);
  if (dryRun) {
    return say(
      `Dry run: these ${config.region} stacks would be deployed${
        config.account === undefined ? "" : ` into account ${config.account}`
      }. No account was looked at.`,
    );
  }
  if (cdk(config, "diff", "--all") !== 0) {
    throw new Error(`Cannot compare with account ${account}: has \`npx aws-cdk@2.1148.1 bootstrap\` been run there?`);
  }
  if (!given.has("--yes") && !await confirmed(`Deploy ${stage} into account ${account}, ${config.region}?`)) {
    throw new Error("Nothing was deployed");
  }
  if (cdk(config, "deploy", "--all", "--require-approval", "never") !== 0) throw new Error(`Cannot deploy ${stage}`);
  const { Url = "", TableName = "" } = outputsOf(config, stackName(stage, "Api"));
  const well = await smokeTest(config, Url);
  say(`
The API, and in a browser the console: ${Url}
The first key:
  AWS_REGION=${config.region} ROOMTONE_TABLE_NAME=${TableName} bun run roomtone key create --scope lookup,read,write --name first
Then:
  ROOMTONE_KEY=rtk_... bun run roomtone --remote ${Url} links some.host`);
  if (!well) throw new Error(`${stage} is deployed and does not work: see the lines with FAIL`);
});
