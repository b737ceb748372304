import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { ConsumerConfig, environment } from "@roomtone/functions/deploy";
import { type StageConfig, tableName } from "../config.ts";
import { NodeFunction } from "../constructs/node_function.ts";
import { StreamConsumer } from "../constructs/stream_consumer.ts";
import { grantItems } from "../grants.ts";
import type { DataStack } from "./data_stack.ts";

/** Options of {@link ConsumerStack}. */
export interface ConsumerStackProps extends StackProps {
  readonly config: StageConfig;
  readonly distDir: string;
  readonly data: DataStack;
}

/** What follows the stream of the events table. */
export class ConsumerStack extends Stack {
  readonly consumer: lambda.Function;
  readonly failures: sqs.Queue;

  constructor(scope: Construct, id: string, { config, distDir, data, ...props }: ConsumerStackProps) {
    super(scope, id, props);
    this.consumer = new NodeFunction(this, "Consumer", {
      ...{ bundle: "consumer", distDir, description: "Adds up the events of recordings as they are stored" },
      environment: environment(ConsumerConfig, { tableName: tableName(config) }),
      timeout: Duration.seconds(60),
    }).fn;
    grantItems(this.consumer, data.state, ["GetItem", "PutItem"]);
    this.failures = new StreamConsumer(this, "Stream", { consumer: this.consumer, table: data.events }).failures;
  }
}
