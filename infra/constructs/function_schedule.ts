import { Duration } from "aws-cdk-lib";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import * as targets from "aws-cdk-lib/aws-scheduler-targets";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

/** Options of {@link FunctionSchedule}. */
export interface FunctionScheduleProps {
  readonly description: string;
  readonly fn: lambda.IFunction;
  /** At least a minute. */
  readonly every: Duration;
  /** What the function is called with. @default nothing of its own */
  readonly input?: object;
  /** Keeps calls that could not be delivered. */
  readonly missedTicks: sqs.IQueue;
}

/** Calls a function at a fixed rate. A tick that cannot be delivered is kept in the queue: the next one does its work. */
export class FunctionSchedule extends Construct {
  constructor(scope: Construct, id: string, { description, fn, every, input, missedTicks }: FunctionScheduleProps) {
    super(scope, id);
    new scheduler.Schedule(this, "Schedule", {
      description,
      schedule: scheduler.ScheduleExpression.rate(every),
      target: new targets.LambdaInvoke(fn, {
        ...(input !== undefined && { input: scheduler.ScheduleTargetInput.fromObject(input) }),
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
        deadLetterQueue: missedTicks,
      }),
    });
  }
}
