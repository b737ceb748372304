import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  type IAlarm,
  type IMetric,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { type ITopic, Topic } from "aws-cdk-lib/aws-sns";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { type AlarmKind, runbookPage, RUNBOOKS } from "../runbooks.ts";

/** Options of {@link NamedAlarms}. */
export interface NamedAlarmsProps {
  /** Begins the alarms' names, such as `roomtone-prod`. */
  readonly prefix: string;
  /** SNS topic that hears of alarms and of their end; without one they only show in CloudWatch. */
  readonly topicArn: string | undefined;
}

/** When an alarm goes off. */
export interface AlarmRule {
  readonly metric: IMetric;
  /** This much and more is too much. */
  readonly threshold: number;
  /** Periods of three in which it must be. @default 2: one bad minute is no reason to wake anybody */
  readonly periods?: 1 | 2;
  /** Whether no data at all is too much, too. @default false */
  readonly silenceAlarms?: boolean;
}

/** Time over which metrics are added up. */
export const PERIOD = Duration.minutes(5);

/** Alarms, each with a name and a page that tells what to do. */
export class NamedAlarms extends Construct {
  readonly alarms: IAlarm[] = [];
  readonly #prefix: string;
  readonly #topic: ITopic | undefined;

  constructor(scope: Construct, id: string, { prefix, topicArn }: NamedAlarmsProps) {
    super(scope, id);
    this.#prefix = prefix;
    this.#topic = topicArn === undefined ? undefined : Topic.fromTopicArn(this, "Topic", topicArn);
  }

  /** Adds the alarm `PREFIX-KIND`, or `PREFIX-KIND-OF`. */
  add(kind: AlarmKind, rule: AlarmRule, of?: string): void {
    const name = of === undefined ? kind : `${kind}-${of}`;
    const alarm = new Alarm(this, name, {
      alarmName: `${this.#prefix}-${name}`,
      alarmDescription: `${RUNBOOKS[kind]}. What to do: ${runbookPage(kind)}`,
      ...{ metric: rule.metric, threshold: rule.threshold },
      ...{ evaluationPeriods: 3, datapointsToAlarm: rule.periods ?? 2 },
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: rule.silenceAlarms ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    this.alarms.push(alarm);
    if (this.#topic === undefined) return;
    alarm.addAlarmAction(new SnsAction(this.#topic));
    alarm.addOkAction(new SnsAction(this.#topic));
  }

  /** A function whose calls fail. */
  addErrors(fn: lambda.IFunction, of: string): void {
    this.add("function-errors", { metric: fn.metricErrors({ period: PERIOD }), threshold: 1 }, of);
  }

  /** A queue that anything is in. */
  addQueue(kind: AlarmKind, queue: sqs.IQueue, of?: string): void {
    const metric = queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: "Maximum" });
    this.add(kind, { metric, threshold: 1, periods: 1 }, of);
  }
}

/** A number that a process tells about itself, by the names in functions/contract/metrics.ts. */
export function processMetric(
  service: string,
  metricName: string,
  statistic: string,
  label: Record<string, string> = {},
): Metric {
  return new Metric({
    namespace: "Roomtone",
    ...{ metricName, statistic, period: PERIOD, dimensionsMap: { service, ...label } },
  });
}
