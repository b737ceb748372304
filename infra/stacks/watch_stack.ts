import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import * as budgets from "aws-cdk-lib/aws-budgets";
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import type { StageConfig } from "../config.ts";
import { NamedAlarms, PERIOD, processMetric } from "../constructs/named_alarms.ts";
import type { ApiStack } from "./api_stack.ts";
import type { ConsumerStack } from "./consumer_stack.ts";
import type { DataStack } from "./data_stack.ts";
import type { PollerStack } from "./poller_stack.ts";

/** Options of {@link WatchStack}. */
export interface WatchStackProps extends StackProps {
  readonly config: StageConfig;
  readonly data: DataStack;
  readonly poller: PollerStack;
  readonly api: ApiStack;
  readonly consumer: ConsumerStack;
}

/** Answers that take this long come shortly before the gateway gives up, ms. */
const SLOW_MS = 25_000;
const LATE_S = 300;
const LAG_S = 60;
/** A stream keeps its records for a day. */
const CONSUMER_LAG_MS = 15 * 60_000;

/** What tells whether all is well: alarms, a dashboard, and a budget. */
export class WatchStack extends Stack {
  constructor(scope: Construct, id: string, props: WatchStackProps) {
    const { config, data, poller, api, consumer, ...stackProps } = props;
    super(scope, id, stackProps);
    const prefix = `roomtone-${config.stage}`;
    const alarms = new NamedAlarms(this, "Alarms", { prefix, topicArn: config.alarmTopicArn });

    for (const [group, fn] of Object.entries(api.functions)) {
      const of = group.replaceAll("_", "-");
      alarms.addErrors(fn, of);
      alarms.add("function-throttles", { metric: fn.metricThrottles({ period: PERIOD }), threshold: 1 }, of);
      const slow = fn.metricDuration({ period: PERIOD, statistic: "p99" });
      alarms.add("api-slow", { metric: slow, threshold: SLOW_MS }, of);
    }
    alarms.addErrors(poller.poller, "poller");
    for (const [name, fn] of Object.entries(consumer.functions)) alarms.addErrors(fn, name);
    alarms.addQueue("schedule-missed", poller.missedTicks, "poller");
    alarms.addQueue("schedule-missed", consumer.missedTicks, "others");
    alarms.addQueue("consumer-failures", consumer.failures);
    const lateness = processMetric("poller", "watch_lateness_seconds", "Maximum");
    alarms.add("poller-late", { metric: lateness, threshold: LATE_S });
    const refused = processMetric("poller", "recorder_start_failures_total", "Sum");
    alarms.add("recorders-refused", { metric: refused, threshold: 1 });
    const failed = processMetric("recorder", "recordings_finished_total", "Sum", { outcome: "failed" });
    alarms.add("recordings-failed", { metric: failed, threshold: 1, periods: 1 });
    alarms.add("lease-losses", { metric: processMetric("recorder", "lease_losses_total", "Sum"), threshold: 1 });
    const lag = processMetric("recorder", "live_lag_seconds", "p99", { half: "video" });
    alarms.add("live-lag", { metric: lag, threshold: LAG_S });
    const dead = processMetric("alerts", "alert_deliveries_total", "Sum", { outcome: "dead" });
    alarms.add("alerts-dead", { metric: dead, threshold: 1, periods: 1 });
    // It runs each hour; when two of three runs are missing, nobody knows.
    const drifts = processMetric("canary", "canary_drifts", "Maximum").with({ period: Duration.hours(1) });
    alarms.add("canary-drift", { metric: drifts, threshold: 1, silenceAlarms: true });
    alarms.addErrors(poller.canary, "canary");
    const behind = consumer.functions.consumer.metric("IteratorAge", { period: PERIOD, statistic: "Maximum" });
    alarms.add("consumer-lag", { metric: behind, threshold: CONSUMER_LAG_MS });
    for (const [of, table] of [["state", data.state], ["events", data.events]] as const) {
      alarms.add("table-throttles", { metric: throttledRequests(table), threshold: 1 }, of);
    }

    const dashboard = new Dashboard(this, "Dashboard", { dashboardName: prefix });
    dashboard.addWidgets(new AlarmStatusWidget({ title: "Alarms", width: 24, alarms: alarms.alarms }));
    const graph = (title: string, ...left: IMetric[]) => new GraphWidget({ title, left, width: 8 });
    const functions = Object.values(api.functions);
    dashboard.addWidgets(
      graph("API calls", api.api.metricCount({ period: PERIOD })),
      graph("API errors", api.api.metricClientError({ period: PERIOD }), api.api.metricServerError({ period: PERIOD })),
      graph("API p99, ms", ...functions.map((fn) => fn.metricDuration({ period: PERIOD, statistic: "p99" }))),
    );
    dashboard.addWidgets(
      graph("Watchlist lateness, s", lateness),
      graph("Recordings", processMetric("recorder", "recordings_active", "Maximum")),
      graph("Video lag, s", lag),
    );
    dashboard.addWidgets(
      graph("Consumer behind, ms", behind),
      graph("Write units", ...[data.state, data.events].map((table) => table.metricConsumedWriteCapacityUnits())),
      graph("Failed recordings", failed),
    );

    new budgets.CfnBudget(this, "Budget", {
      budget: {
        budgetName: prefix,
        budgetType: "COST",
        timeUnit: "MONTHLY",
        budgetLimit: { amount: config.budgetUsd, unit: "USD" },
      },
      ...(config.budgetEmails.length > 0 && {
        notificationsWithSubscribers: [["ACTUAL", 80], ["ACTUAL", 100], ["FORECASTED", 100]].map(([type, percent]) => ({
          notification: {
            ...{ notificationType: String(type), threshold: Number(percent), thresholdType: "PERCENTAGE" },
            comparisonOperator: "GREATER_THAN",
          },
          subscribers: config.budgetEmails.map((address) => ({ subscriptionType: "EMAIL", address })),
        })),
      }),
    });
  }
}

/** Reads and writes that a table turned away. */
function throttledRequests(table: dynamodb.ITable): IMetric {
  const sum = (name: string) => table.metric(name, { statistic: "Sum", period: PERIOD });
  return new MathExpression({
    expression: "reads + writes",
    label: "Throttled",
    period: PERIOD,
    usingMetrics: { reads: sum("ReadThrottleEvents"), writes: sum("WriteThrottleEvents") },
  });
}
