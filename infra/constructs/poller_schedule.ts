import { Duration } from "aws-cdk-lib";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import * as targets from "aws-cdk-lib/aws-scheduler-targets";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/** Options of {@link PollerSchedule}. */
export interface PollerScheduleProps {
  readonly poller: lambda.IFunction;
  /** At least a minute. */
  readonly every: Duration;
  /** Shards of the watchlist that this schedule's runs work through. */
  readonly shards: readonly number[];
  readonly missedTicks: sqs.IQueue;
}

/** Calls the poller at a fixed rate. A tick that cannot be delivered is kept in the queue: the next one does its work. */
export class PollerSchedule extends Construct {
  constructor(scope: Construct, id: string, { poller, every, shards, missedTicks }: PollerScheduleProps) {
    super(scope, id);
    new scheduler.Schedule(this, "Schedule", {
      description: `Checks shards ${shards.join(", ")} of the watchlist`,
      schedule: scheduler.ScheduleExpression.rate(every),
      target: new targets.LambdaInvoke(poller, {
        input: scheduler.ScheduleTargetInput.fromObject({ shards }),
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
        deadLetterQueue: missedTicks,
      }),
    });
  }
}
