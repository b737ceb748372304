import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import {
  AlertsConfig,
  ConsumerConfig,
  environment,
  RECORDINGS_PREFIX,
  RetentionConfig,
} from "@roomtone/functions/deploy";
import { type StageConfig, tableName } from "../config.ts";
import { FailureQueue } from "../constructs/failure_queue.ts";
import { FunctionSchedule } from "../constructs/function_schedule.ts";
import { NodeFunction } from "../constructs/node_function.ts";
import { StreamConsumer } from "../constructs/stream_consumer.ts";
import { grantIdentity, grantIndexes, grantItems } from "../grants.ts";
import type { DataStack } from "./data_stack.ts";

/** Options of {@link ConsumerStack}. */
export interface ConsumerStackProps extends StackProps {
  readonly config: StageConfig;
  readonly distDir: string;
  readonly data: DataStack;
}

/** What becomes of what is stored: totals and alerts out of the stream of events, and its end when it is old. */
export class ConsumerStack extends Stack {
  /** Every function, by the name of its bundle. */
  readonly functions: Readonly<Record<"consumer" | "alerts" | "retention", lambda.Function>>;
  readonly failures: sqs.Queue;
  readonly missedTicks: sqs.Queue;

  constructor(scope: Construct, id: string, { config, distDir, data, ...props }: ConsumerStackProps) {
    super(scope, id, props);
    const alerts = JSON.stringify(config.alerts);
    const add = (id: string, bundle: string, description: string, env: Record<string, string>, timeout: Duration) =>
      new NodeFunction(this, id, { bundle, distDir, description, environment: env, timeout }).fn;
    this.functions = {
      consumer: add(
        "Consumer",
        "consumer",
        "Adds up the events of recordings as they are stored",
        environment(ConsumerConfig, { tableName: tableName(config), alerts }),
        Duration.seconds(60),
      ),
      alerts: add(
        "Alerts",
        "alerts",
        "Delivers the alerts that are due",
        environment(AlertsConfig, { tableName: tableName(config), alerts }),
        Duration.seconds(55),
      ),
      retention: add(
        "Retention",
        "retention",
        "Deletes what is older than the policy says",
        environment(RetentionConfig, {
          ...{ tableName: tableName(config), bucketName: data.bucket.bucketName },
          retention: JSON.stringify(config.retention),
        }),
        Duration.minutes(15),
      ),
    };
    this.failures = new StreamConsumer(this, "Stream", { consumer: this.functions.consumer, table: data.events })
      .failures;
    this.missedTicks = new FailureQueue(this, "MissedCalls").queue;
    for (
      const [name, description, fn, every] of [
        ["AlertsSchedule", "Delivers alerts", this.functions.alerts, Duration.minutes(1)],
        ["RetentionSchedule", "Applies the retention policy", this.functions.retention, Duration.days(1)],
      ] as const
    ) new FunctionSchedule(this, name, { description, fn, every, missedTicks: this.missedTicks });
    this.#grantData(data);
    this.#grantTargets(config);
  }

  #grantData({ state, events, bucket }: DataStack): void {
    const { consumer, alerts, retention } = this.functions;
    grantItems(consumer, state, ["GetItem", "BatchGetItem", "PutItem", "ConditionCheckItem"]);
    // Batches that its stream never brought are in the log.
    grantItems(consumer, events, ["Query"]);
    grantItems(alerts, state, ["UpdateItem"]);
    grantIndexes(alerts, state);
    grantItems(retention, state, ["GetItem", "Query", "UpdateItem", "DeleteItem"]);
    grantIndexes(retention, state);
    grantItems(retention, events, ["Query", "UpdateItem", "DeleteItem"]);
    const prefix = `${RECORDINGS_PREFIX}*`;
    for (
      const statement of [
        { actions: ["s3:DeleteObject"], resources: [bucket.arnForObjects(prefix)] },
        {
          ...{ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] },
          conditions: { StringLike: { "s3:prefix": prefix } },
        },
      ]
    ) retention.addToRolePolicy(new PolicyStatement(statement));
  }

  /** What the targets of alerts want: their secrets, and leave to tell their topics. */
  #grantTargets({ alerts: { targets } }: StageConfig): void {
    for (const target of targets) {
      if ("topicArn" in target) {
        this.functions.alerts.addToRolePolicy(
          new PolicyStatement({ actions: ["sns:Publish"], resources: [target.topicArn] }),
        );
      } else if (target.secretParameter !== undefined) {
        grantIdentity(this.functions.alerts, this, `/${target.secretParameter.replace(/^\//, "")}`);
      }
    }
  }
}
