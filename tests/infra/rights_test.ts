import { assert, assertEquals } from "@std/assert";
import { before, describe, it } from "node:test";
import { checkStage, stageConfig } from "../../infra/config.ts";
import { rightsByRole, valueText } from "./statement_text.ts";
import { type Statement, synthesise, type Templates } from "./synthesise.ts";

const STARTS_RECORDERS = [
  "ecs:ListTasks on * if ArnEquals ecs:cluster RecordersCluster.Arn",
  "ecs:RunTask on arn:ecs:here:task-definition/roomtone-dev-recorder:* if ArnEquals ecs:cluster RecordersCluster.Arn",
  "iam:PassRole on RecordersTaskTaskRole.Arn, RecordersTaskExecutionRole.Arn if StringEquals iam:PassedToService " +
  "ecs-tasks.amazonaws.com",
];
const INDEXES = "dynamodb:Query on StateTable.Arn/index/due, StateTable.Arn/index/list";
const KEYS_AND_ANSWERS = [
  "dynamodb:GetItem dynamodb:PutItem on StateTable.Arn if ForAllValues:StringLike dynamodb:LeadingKeys ANSWER#*",
  "dynamodb:GetItem dynamodb:UpdateItem on StateTable.Arn if ForAllValues:StringLike dynamodb:LeadingKeys KEY#*",
];
const TRACES = "xray:PutTelemetryRecords xray:PutTraceSegments on *";
const reads = (parameter: string) => `ssm:GetParameter on arn:ssm:here:parameter/roomtone/dev/${parameter}`;
const logs = (name: string) => `logs:CreateLogStream logs:PutLogEvents on ${name}Logs.Arn`;

/** All that each role may do. */
const RIGHTS: Record<string, string[]> = {
  AlertsRole: ["dynamodb:UpdateItem on StateTable.Arn", INDEXES, logs("Alerts")],
  CanaryRole: ["dynamodb:GetItem dynamodb:PutItem on StateTable.Arn", INDEXES, logs("Canary"), reads("poller")],
  ConsumerRole: [
    "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator on EventsTable.StreamArn",
    "dynamodb:BatchGetItem dynamodb:ConditionCheckItem dynamodb:GetItem dynamodb:PutItem on StateTable.Arn",
    "dynamodb:ListStreams on *",
    "dynamodb:Query on EventsTable.Arn",
    logs("Consumer"),
    "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage on StreamFailuresQueue.Arn",
  ],
  FollowingsRole: [...KEYS_AND_ANSWERS, logs("Followings"), reads("identity"), TRACES],
  LinksRole: [...KEYS_AND_ANSWERS, logs("Links"), reads("lookups"), TRACES],
  PollerRole: [
    "dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem on StateTable.Arn",
    INDEXES,
    ...STARTS_RECORDERS,
    logs("Poller"),
    reads("poller"),
  ],
  RecordersTaskExecutionRole: [
    "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer on arn:ecr:here:repository/" +
    "cdk-hnb659fds-container-assets",
    "ecr:GetAuthorizationToken on *",
    logs("Recorders"),
  ],
  RecordersTaskTaskRole: [
    "dynamodb:ConditionCheckItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on " +
    "StateTable.Arn",
    "dynamodb:PutItem dynamodb:Query on EventsTable.Arn",
    INDEXES,
    "s3:AbortMultipartUpload s3:PutObject on BlobsBucket.Arn/recordings/*",
    reads("recorder"),
  ],
  RetentionRole: [
    "dynamodb:DeleteItem dynamodb:GetItem dynamodb:Query dynamodb:UpdateItem on StateTable.Arn",
    "dynamodb:DeleteItem dynamodb:Query dynamodb:UpdateItem on EventsTable.Arn",
    INDEXES,
    logs("Retention"),
    "s3:DeleteObject on BlobsBucket.Arn/recordings/*",
    "s3:ListBucket on BlobsBucket.Arn if StringLike s3:prefix recordings/*",
  ],
  SchedulerRoleForTarget: [
    "lambda:InvokeFunction on AlertsFunction.Arn, AlertsFunction.Arn:*",
    "lambda:InvokeFunction on CanaryFunction.Arn, CanaryFunction.Arn:*",
    "lambda:InvokeFunction on PollerFunction.Arn, PollerFunction.Arn:*",
    "lambda:InvokeFunction on RetentionFunction.Arn, RetentionFunction.Arn:*",
    "sqs:SendMessage on MissedCallsQueue.Arn",
    "sqs:SendMessage on MissedCallsQueue.Arn",
    "sqs:SendMessage on MissedTicksQueue.Arn",
    "sqs:SendMessage on MissedTicksQueue.Arn",
  ],
  SystemRole: [
    "dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on StateTable.Arn",
    "dynamodb:DeleteItem dynamodb:Query dynamodb:UpdateItem on EventsTable.Arn",
    INDEXES,
    ...STARTS_RECORDERS,
    logs("System"),
    "s3:DeleteObject s3:GetObject on BlobsBucket.Arn/recordings/*",
    "s3:ListBucket on BlobsBucket.Arn if StringLikeIfExists s3:prefix recordings/*",
    reads("identity"),
    TRACES,
  ],
  UserInfoRole: [...KEYS_AND_ANSWERS, logs("UserInfo"), reads("lookups"), TRACES],
};

/** Calls that know no resource, and what holds them in: another condition, or that they show nothing. */
const WITHOUT_RESOURCE = new Set([
  "dynamodb:ListStreams",
  "ecr:GetAuthorizationToken",
  "ecs:ListTasks",
  "xray:PutTelemetryRecords",
  "xray:PutTraceSegments",
]);

describe("rights of the deployed system", () => {
  let dev: Templates;

  before(() => dev = synthesise("dev"));

  it("are these, statement by statement", () => {
    const rights = rightsByRole(dev);
    assertEquals(Object.keys(rights).sort(), Object.keys(RIGHTS).sort());
    for (const [role, expected] of Object.entries(RIGHTS)) assertEquals(rights[role], [...expected].sort(), role);
  });

  it("reach the topics and secrets that alerts name, and no others", () => {
    const topicArn = "arn:aws:sns:us-east-1:123456789012:lives";
    const told = synthesise("dev", {
      alerts: checkStage({
        ...stageConfig("dev"),
        alerts: {
          targets: [
            { name: "topic", topicArn },
            { name: "hook", url: "https://hook.example/", secretParameter: "/roomtone/dev/hook" },
          ],
        },
      }).alerts,
    });
    assertEquals(
      rightsByRole(told).AlertsRole,
      [...RIGHTS.AlertsRole ?? [], `sns:Publish on ${topicArn}`, reads("hook")].sort(),
    );
  });

  it("come from no other place: roles have no policies of AWS and none within", () => {
    const roles = Object.entries(dev.resources("AWS::IAM::Role"));
    assertEquals(new Set(roles.map(([id]) => valueText({ Ref: id }))).size, Object.keys(RIGHTS).length);
    for (const [id, { Properties }] of roles) {
      assertEquals([Properties.ManagedPolicyArns, Properties.Policies], [undefined, undefined], id);
    }
    for (const type of ["AWS::IAM::ManagedPolicy", "AWS::IAM::User", "AWS::IAM::Group"]) {
      assertEquals(dev.resources(type), {}, type);
    }
  });

  it("name actions and resources", () => {
    for (const { Action, Resource, Effect } of dev.statements("")) {
      assertEquals(Effect, "Allow");
      for (const action of [Action].flat()) {
        assert(!action.includes("*"), action);
        if (Resource === "*") assert(WITHOUT_RESOURCE.has(action), action);
      }
    }
  });

  it("are taken up by the service that each role is for, and nobody else", () => {
    for (const [id, { Properties }] of Object.entries(dev.resources("AWS::IAM::Role"))) {
      const { Statement } = Properties.AssumeRolePolicyDocument as {
        Statement: (Statement & { Principal: unknown })[];
      };
      const service = id.startsWith("Recorders") ? "ecs-tasks" : id.startsWith("Scheduler") ? "scheduler" : "lambda";
      assertEquals(Statement.map(({ Principal }) => Principal), [{ Service: `${service}.amazonaws.com` }], id);
    }
  });
});
