import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { ALL_SHARDS, CanaryConfig, environment, PollerConfig } from "@roomtone/functions/deploy";
import { type StageConfig, tableName } from "../config.ts";
import { FailureQueue } from "../constructs/failure_queue.ts";
import { NodeFunction } from "../constructs/node_function.ts";
import { FunctionSchedule } from "../constructs/function_schedule.ts";
import { grantIdentity, grantIndexes, grantItems } from "../grants.ts";
import type { DataStack } from "./data_stack.ts";
import type { RecorderStack } from "./recorder_stack.ts";

/** Options of {@link PollerStack}. */
export interface PollerStackProps extends StackProps {
  readonly config: StageConfig;
  readonly distDir: string;
  readonly data: DataStack;
  readonly recorders: RecorderStack;
}

/** What looks at the watchlist: a function, and the schedules that call it. */
export class PollerStack extends Stack {
  readonly poller: lambda.Function;
  /** Looks each hour whether TikTok's protocol is as it was. */
  readonly canary: lambda.Function;
  readonly missedTicks: sqs.Queue;

  constructor(scope: Construct, id: string, { config, distDir, data, recorders, ...props }: PollerStackProps) {
    super(scope, id, props);
    const { pollSchedules, pollMinutes } = config;
    this.poller = new NodeFunction(this, "Poller", {
      ...{ bundle: "poller", distDir, description: "Looks which watched hosts are live, and has them recorded" },
      environment: environment(PollerConfig, {
        tableName: tableName(config),
        // Schedules run side by side: each has its part of what one identity may ask.
        tiktokRequestsPerMinute: Math.max(1, Math.floor(config.tiktokRequestsPerMinute / pollSchedules)),
        tiktokRequestBurst: Math.max(1, Math.floor(config.tiktokRequestBurst / pollSchedules)),
        pollIntervalMs: pollMinutes * 60_000,
        pollScheduleMs: pollMinutes * 60_000,
        identityParameter: config.identities.poller,
        alerts: JSON.stringify(config.alerts),
        ...recorders.launching,
      }),
      timeout: Duration.seconds(55),
    }).fn;
    grantItems(this.poller, data.state, ["GetItem", "PutItem", "UpdateItem"]);
    grantIndexes(this.poller, data.state);
    recorders.grantLaunch(this.poller);
    grantIdentity(this.poller, this, config.identities.poller);
    this.missedTicks = new FailureQueue(this, "MissedTicks").queue;
    this.canary = new NodeFunction(this, "Canary", {
      ...{ bundle: "canary", distDir, description: "Looks whether TikTok's protocol is as it was" },
      environment: environment(CanaryConfig, {
        ...{ tableName: tableName(config), identityParameter: config.identities.poller },
        ...{ mediaHosts: config.mediaHosts, canaryHosts: config.canaryHosts },
        ...{ tiktokRequestsPerMinute: config.tiktokRequestsPerMinute, tiktokRequestBurst: config.tiktokRequestBurst },
      }),
      timeout: Duration.seconds(90),
    }).fn;
    grantItems(this.canary, data.state, ["GetItem", "PutItem"]);
    grantIndexes(this.canary, data.state);
    grantIdentity(this.canary, this, config.identities.poller);
    new FunctionSchedule(this, "CanarySchedule", {
      description: "Looks at TikTok's protocol",
      ...{ fn: this.canary, every: Duration.hours(1), missedTicks: this.missedTicks },
    });
    for (let lane = 0; lane < pollSchedules; lane++) {
      const shards = ALL_SHARDS.filter((shard) => shard % pollSchedules === lane);
      new FunctionSchedule(this, `Schedule${lane}`, {
        description: `Checks shards ${shards.join(", ")} of the watchlist`,
        ...{ fn: this.poller, every: Duration.minutes(pollMinutes), input: { shards }, missedTicks: this.missedTicks },
      });
    }
  }
}
