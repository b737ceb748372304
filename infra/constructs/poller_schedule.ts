import { Duration } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import * as targets from "aws-cdk-lib/aws-scheduler-targets";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/** Options of {@link PollerSchedule}. */
export interface PollerScheduleProps {
  readonly poller: lambda.IFunction;
  /** At least a minute. */
  readonly every: Duration;
}

/** Calls the poller at a fixed rate. A tick that cannot be delivered is dropped: the next one does its work. */
export class PollerSchedule extends Construct {
  readonly deadLetterQueue: sqs.Queue;

  constructor(scope: Construct, id: string, props: PollerScheduleProps) {
    super(scope, id);
    this.deadLetterQueue = new sqs.Queue(this, "MissedTicks", {
      enforceSSL: true,
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    });
    new scheduler.Schedule(this, "Schedule", {
      description: "Checks the watchlist",
      schedule: scheduler.ScheduleExpression.rate(props.every),
      target: new targets.LambdaInvoke(props.poller, {
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
        deadLetterQueue: this.deadLetterQueue,
      }),
    });
  }
}
