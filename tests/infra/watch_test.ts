import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { type AlarmKind, runbookPage, RUNBOOKS } from "../../infra/runbooks.ts";
import { ROOT } from "../../scripts/tools.mjs";
import { valueText } from "./statement_text.ts";
import { type Resource, synthesise, type Templates } from "./synthesise.ts";

describe("alarms", () => {
  let dev: Templates;
  let alarms: Resource[];

  before(() => {
    dev = synthesise("dev");
    alarms = Object.values(dev.resources("AWS::CloudWatch::Alarm"));
  });

  const kindOf = ({ Properties }: Resource): AlarmKind => {
    const name = String(Properties.AlarmName);
    const [kind] = (Object.keys(RUNBOOKS) as AlarmKind[]).filter((each) => name.startsWith(`roomtone-dev-${each}`));
    assert(kind !== undefined, name);
    return kind;
  };

  it("are named, each once, say what is wrong, and name the page that tells what to do", () => {
    const names = alarms.map(({ Properties }) => Properties.AlarmName);
    assertEquals(new Set(names).size, names.length);
    for (const alarm of alarms) {
      const kind = kindOf(alarm);
      const page = runbookPage(kind);
      assertEquals(alarm.Properties.AlarmDescription, `${RUNBOOKS[kind]}. What to do: ${page}`);
      assert(existsSync(join(ROOT, page)), `${page} is missing`);
    }
  });

  it("are of every kind that there is", () => {
    assertEquals([...new Set(alarms.map(kindOf))].sort(), Object.keys(RUNBOOKS).sort());
  });

  it("watch each function for errors, and those of the API for calls turned away and late answers", () => {
    const watched = (metric: string) =>
      alarms.filter(({ Properties }) => Properties.MetricName === metric)
        .map(({ Properties }) => valueText((Properties.Dimensions as { Value: unknown }[])[0]?.Value)).sort();
    const functions = Object.keys(dev.resources("AWS::Lambda::Function")).map((id) => id.replace(/[0-9A-F]{8}$/, ""));
    assertEquals(watched("Errors"), functions.sort());
    const api = ["FollowingsFunction", "LinksFunction", "SystemFunction", "UserInfoFunction"];
    assertEquals(watched("Throttles"), api);
    assertEquals(watched("Duration"), api);
  });

  it("watch each queue of failures", () => {
    const watched = alarms.filter(({ Properties }) => Properties.MetricName === "ApproximateNumberOfMessagesVisible");
    assertEquals(watched.length, Object.keys(dev.resources("AWS::SQS::Queue")).length);
  });

  it("tell a topic of their beginning and end where the stage names one", () => {
    for (const { Properties } of alarms) assertEquals(Properties.AlarmActions, undefined);
    const alarmTopicArn = "arn:aws:sns:us-east-1:123456789012:on-call";
    for (
      const { Properties } of Object.values(synthesise("dev", { alarmTopicArn }).resources("AWS::CloudWatch::Alarm"))
    ) {
      assertEquals([Properties.AlarmActions, Properties.OKActions], [[alarmTopicArn], [alarmTopicArn]]);
    }
  });

  it("are all on the stage's one dashboard", () => {
    const { DashboardName, DashboardBody } = dev.one("AWS::CloudWatch::Dashboard", "").Properties;
    assertEquals(DashboardName, "roomtone-dev");
    for (const id of Object.keys(dev.resources("AWS::CloudWatch::Alarm"))) {
      assertStringIncludes(JSON.stringify(DashboardBody), id);
    }
  });
});

describe("budget", () => {
  it("is the stage's, and tells whom the stage names", () => {
    const budget = (templates: Templates) => templates.one("AWS::Budgets::Budget", "").Properties;
    const { Budget, NotificationsWithSubscribers } = budget(synthesise("dev"));
    assertEquals((Budget as { BudgetLimit: unknown }).BudgetLimit, { Amount: 20, Unit: "USD" });
    assertEquals(NotificationsWithSubscribers, undefined);
    const told = budget(synthesise("dev", { budgetEmails: ["ops@example.com"] })).NotificationsWithSubscribers;
    assert(Array.isArray(told));
    assertEquals(told.map(({ Notification }) => `${Notification.NotificationType} ${Notification.Threshold}`), [
      "ACTUAL 80",
      "ACTUAL 100",
      "FORECASTED 100",
    ]);
    for (const { Subscribers } of told) {
      assertEquals(Subscribers, [{ SubscriptionType: "EMAIL", Address: "ops@example.com" }]);
    }
  });
});
