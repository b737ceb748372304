/**
 * The whole system as CDK stacks, each on those before it: data, recorders, poller, API, consumer, and what watches them.
 * @module
 */
import { Tags } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { StageConfig } from "./config.ts";
import { ApiStack } from "./stacks/api_stack.ts";
import { ConsumerStack } from "./stacks/consumer_stack.ts";
import { DataStack } from "./stacks/data_stack.ts";
import { PollerStack } from "./stacks/poller_stack.ts";
import { RecorderStack } from "./stacks/recorder_stack.ts";
import { WatchStack } from "./stacks/watch_stack.ts";

/** Options of {@link addStacks}. */
export interface RoomtoneProps {
  readonly config: StageConfig;
  /** Folder of the bundles that `scripts/build_functions.ts` writes. */
  readonly distDir: string;
}

/** The parts of a deployment, in the order in which they are deployed. */
export const STACK_PARTS = ["Data", "Recorder", "Poller", "Api", "Consumer", "Watch"] as const;

/** Name of a stack, such as `Roomtone-dev-Api`. */
export function stackName(stage: string, part: (typeof STACK_PARTS)[number]): string {
  return `Roomtone-${stage}-${part}`;
}

/** Adds the stacks of a stage. */
export function addStacks(app: Construct, { config, distDir }: RoomtoneProps) {
  const { account, region, stage } = config;
  const env = { region, ...(account !== undefined && { account }) };
  const shared = { config, distDir, env };
  const data = new DataStack(app, stackName(stage, "Data"), { config, env });
  const recorders = new RecorderStack(app, stackName(stage, "Recorder"), { ...shared, data });
  const poller = new PollerStack(app, stackName(stage, "Poller"), { ...shared, data, recorders });
  const api = new ApiStack(app, stackName(stage, "Api"), { ...shared, data, recorders });
  const consumer = new ConsumerStack(app, stackName(stage, "Consumer"), { ...shared, data });
  const watch = new WatchStack(app, stackName(stage, "Watch"), { config, env, data, poller, api, consumer });
  Tags.of(app).add("roomtone:stage", stage);
  return { Data: data, Recorder: recorders, Poller: poller, Api: api, Consumer: consumer, Watch: watch };
}
