/**
 * Takes a stage down: `bun run destroy STAGE [--data] [--yes]`. Tables and bucket stay, in their own stack, unless `--data`
 * is given; `prod` guards them even then.
 * @module
 */
import process from "node:process";
import { stageConfig } from "../infra/config.ts";
import { STACK_PARTS, stackName } from "../infra/roomtone.ts";
import { cdk, checkAccount, commandLine, confirmed, main } from "./aws/cdk.ts";
import { synth } from "./synth.ts";

await main(async () => {
  const { stage, given } = commandLine("bun run destroy STAGE [--data] [--yes]", ["--data", "--yes"]);
  const config = stageConfig(stage);
  const data = given.has("--data");
  if (data && config.retainData) {
    throw new Error(
      `Cannot delete the data of ${stage}: it is guarded. Deploy it with retainData: false in infra/config.ts first, ` +
        `with the stack's termination protection off`,
    );
  }
  const account = checkAccount(config);
  synth(stage);
  const parts = STACK_PARTS.filter((part) => data || part !== "Data").toReversed();
  const what = data ? "everything, ALL DATA too," : "everything but the data";
  if (!given.has("--yes") && !await confirmed(`Delete ${what} of ${stage} in account ${account}, ${config.region}?`)) {
    throw new Error("Nothing was deleted");
  }
  if (cdk(config, "destroy", ...parts.map((part) => stackName(stage, part)), "--exclusively", "--force") !== 0) {
    throw new Error(`Cannot delete ${stage}`);
  }
  process.stdout.write(
    data ? `${stage} is gone\n` : `${stackName(stage, "Data")} is kept; the next deploy finds it there\n`,
  );
});
