import { Duration } from "aws-cdk-lib";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource, SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { CONSUMED_RECORDS } from "@roomtone/functions/deploy";
import { FailureQueue } from "./failure_queue.ts";

/** Options of {@link StreamConsumer}. */
export interface StreamConsumerProps {
  readonly consumer: lambda.Function;
  readonly table: dynamodb.Table;
}

/**
 * Feeds the table's stream to the consumer, in order per recording. A record that keeps failing is isolated by halving
 * its batch, tried again as often as the local feed does (`CONSUMER_FEED`), and then its place in the stream is written to the queue.
 */
export class StreamConsumer extends Construct {
  readonly failures: sqs.Queue;

  constructor(scope: Construct, id: string, props: StreamConsumerProps) {
    super(scope, id);
    this.failures = new FailureQueue(this, "Failures").queue;
    props.consumer.addEventSource(
      new DynamoEventSource(props.table, {
        startingPosition: lambda.StartingPosition.TRIM_HORIZON,
        batchSize: 100,
        maxBatchingWindow: Duration.seconds(1),
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        parallelizationFactor: 4,
        retryAttempts: 20,
        maxRecordAge: Duration.hours(23),
        onFailure: new SqsDlq(this.failures),
        filters: [lambda.FilterCriteria.filter(CONSUMED_RECORDS)],
      }),
    );
  }
}
