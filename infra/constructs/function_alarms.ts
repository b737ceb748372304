import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";

/** Options of {@link FunctionAlarms}. */
export interface FunctionAlarmsProps {
  /** Begins the alarms' names, such as `roomtone-prod-links`. */
  readonly name: string;
  readonly fn: lambda.Function;
  /** SNS topic that hears of alarms and of their end; without one they only show in CloudWatch. */
  readonly topicArn: string | undefined;
}

const PERIOD = Duration.minutes(5);

/** What needs somebody, of one function: calls that failed, calls that were turned away, and answers that come late. */
export class FunctionAlarms extends Construct {
  constructor(scope: Construct, id: string, { name, fn, topicArn }: FunctionAlarmsProps) {
    super(scope, id);
    const topic = topicArn === undefined ? undefined : Topic.fromTopicArn(this, "Topic", topicArn);
    const add = (kind: string, metric: Metric, threshold: number, description: string) => {
      const alarm = new Alarm(this, kind, {
        ...{ alarmName: `${name}-${kind.toLowerCase()}`, alarmDescription: description, metric, threshold },
        // Two periods of three: one bad minute is no reason to wake anybody.
        ...{ evaluationPeriods: 3, datapointsToAlarm: 2 },
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      if (topic === undefined) return;
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    };
    add("Errors", fn.metricErrors({ period: PERIOD }), 1, "Calls end in an error or a time-out of the function");
    add(
      "Throttles",
      fn.metricThrottles({ period: PERIOD }),
      1,
      "Calls are turned away: the function's concurrency is used up",
    );
    const slow = fn.metricDuration({ period: PERIOD, statistic: "p99" });
    add("Slow", slow, 25_000, "One answer in a hundred takes 25 s or more; the gateway waits for 29 s");
  }
}
