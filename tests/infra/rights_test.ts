import { assert, assertEquals } from "@std/assert";
import { before, describe, it } from "node:test";
import { rightsByRole } from "./statement_text.ts";
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
  ConsumerRole: [
    "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator on EventsTable.StreamArn",
    "dynamodb:GetItem dynamodb:PutItem on StateTable.Arn",
    "dynamodb:ListStreams on *",
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
    "dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem on StateTable.Arn",
    "dynamodb:PutItem dynamodb:Query on EventsTable.Arn",
    INDEXES,
    "s3:AbortMultipartUpload s3:PutObject on BlobsBucket.Arn/recordings/*",
    reads("recorder"),
  ],
  SchedulerRoleForTarget: [
    "lambda:InvokeFunction on PollerFunction.Arn, PollerFunction.Arn:*",
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

  it("come from no other place: roles have no policies of AWS and none within", () => {
    const roles = Object.entries(dev.resources("AWS::IAM::Role"));
    assertEquals(roles.length, Object.keys(RIGHTS).length);
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
