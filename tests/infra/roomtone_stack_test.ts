import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type ConfigSchema,
  ConsumerConfig,
  envNames,
  FollowingsConfig,
  LookupConfig,
  PollerConfig,
  RecorderTaskConfig,
  ROUTE_GROUPS,
  SystemConfig,
  TABLE,
} from "@roomtone/functions/deploy";
import { App } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type StageConfig, stageConfig } from "../../infra/config.ts";
import { RoomtoneStack } from "../../infra/stacks/roomtone_stack.ts";
import { LAMBDAS } from "../../scripts/build_functions.ts";

interface Resource {
  Type: string;
  DeletionPolicy?: string;
  Properties: Record<string, unknown>;
}

interface Statement {
  Action: string | string[];
  Resource: unknown;
  Effect: string;
  Condition?: unknown;
}

/** Rights of a function that X-Ray samples. */
const TRACES = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];

/** Templates made of empty bundles: what is in the code makes no difference to them. */
function synthesise(stage: string, scratch: string, more: Partial<StageConfig> = {}): Template {
  const distDir = join(scratch, "dist");
  for (const name of LAMBDAS) {
    mkdirSync(join(distDir, name), { recursive: true });
    writeFileSync(join(distDir, name, "index.mjs"), "");
  }
  mkdirSync(join(distDir, "recorder_task"), { recursive: true });
  writeFileSync(join(distDir, "recorder_task", "Dockerfile"), "");
  const app = new App({ outdir: join(scratch, "out", stage), analyticsReporting: false });
  return Template.fromStack(
    new RoomtoneStack(app, `Roomtone-${stage}`, { config: { ...stageConfig(stage), ...more }, distDir }),
  );
}

describe("RoomtoneStack", () => {
  let scratch: string;
  let dev: Template;
  let prod: Template;

  before(() => {
    scratch = mkdtempSync(join(tmpdir(), "roomtone-infra-"));
    dev = synthesise("dev", scratch, { tiktokRequestsPerMinute: 77, tiktokRequestBurst: 7 });
    prod = synthesise("prod", scratch);
  });
  after(() => rmSync(scratch, { recursive: true }));

  const resources = (type: string, template = dev): Record<string, Resource> =>
    template.findResources(type) as Record<string, Resource>;

  /** The function whose logical id starts so. */
  const lambda = (id: string, template = dev): Resource => {
    const [found] = Object.entries(resources("AWS::Lambda::Function", template)).filter(([key]) =>
      key.startsWith(`${id}Function`)
    );
    assert(found !== undefined, `no function ${id}`);
    return found[1];
  };

  /** Statements of the policies whose logical id starts so, with action lists sorted. */
  const statements = (id: string): Statement[] =>
    Object.entries(resources("AWS::IAM::Policy"))
      .filter(([key]) => key.startsWith(id))
      .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);

  const actions = (id: string, service: string): string[] =>
    [...new Set(statements(id).flatMap(({ Action }) => Action))].filter((action) => action.startsWith(`${service}:`))
      .sort();

  describe("table", () => {
    it("has the shape that the adapter is tested with", () => {
      const keys = [TABLE, ...TABLE.indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]);
      dev.resourceCountIs("AWS::DynamoDB::Table", 2);
      dev.hasResourceProperties("AWS::DynamoDB::Table", {
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
        GlobalSecondaryIndexes: TABLE.indexes.map((index) => ({
          IndexName: index.name,
          KeySchema: [
            { AttributeName: index.partitionKey.name, KeyType: "HASH" },
            { AttributeName: index.sortKey.name, KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        })),
        StreamSpecification: Match.absent(),
        TimeToLiveSpecification: { AttributeName: TABLE.ttlAttribute, Enabled: true },
      });
    });

    it("and the bucket outlive the stack in prod only", () => {
      for (const type of ["AWS::DynamoDB::Table", "AWS::S3::Bucket"]) {
        prod.hasResource(type, { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
        dev.hasResource(type, { DeletionPolicy: "Delete" });
      }
      prod.hasResourceProperties("AWS::DynamoDB::Table", {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    });
  });

  describe("bucket", () => {
    it("is private, encrypted, and reached over TLS only", () => {
      dev.hasResourceProperties("AWS::S3::Bucket", {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      });
      dev.hasResourceProperties("AWS::S3::BucketPolicy", {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
          ]),
        },
      });
    });
  });

  describe("processes", () => {
    const schemas: Record<string, ConfigSchema | undefined> = {
      Links: LookupConfig,
      UserInfo: LookupConfig,
      Followings: FollowingsConfig,
      System: SystemConfig,
      Poller: PollerConfig,
      Consumer: ConsumerConfig,
    };

    it("get exactly the variables that they read", () => {
      for (const [id, schema] of Object.entries(schemas)) {
        const { Variables = {} } = (lambda(id).Properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
        assertEquals(Object.keys(Variables).sort(), schema === undefined ? [] : envNames(schema).sort(), id);
      }
      assertEquals(Object.keys(resources("AWS::Lambda::Function")).length, Object.keys(schemas).length);
      const [task] = Object.values(resources("AWS::ECS::TaskDefinition"));
      const [container] = task?.Properties.ContainerDefinitions as { Environment: { Name: string }[] }[];
      assertEquals(container?.Environment.map(({ Name }) => Name).sort(), envNames(RecorderTaskConfig).sort());
    });

    it("run on Node 24 and arm64 from their bundles", () => {
      for (const id of Object.keys(schemas)) {
        const { Runtime, Architectures, Handler } = lambda(id).Properties;
        assertEquals([Runtime, Architectures, Handler], ["nodejs24.x", ["arm64"], "index.handler"], id);
      }
    });

    it("keep to the stage's budget of requests to TikTok", () => {
      const [task] = Object.values(resources("AWS::ECS::TaskDefinition"));
      const [container] = task?.Properties.ContainerDefinitions as { Environment: { Name: string; Value: string }[] }[];
      const environments = [Object.fromEntries(container?.Environment.map(({ Name, Value }) => [Name, Value]) ?? [])];
      for (const id of ["Links", "UserInfo", "Followings", "System", "Poller"]) {
        environments.push((lambda(id).Properties.Environment as { Variables: Record<string, string> }).Variables);
      }
      for (const { ROOMTONE_TIKTOK_REQUESTS_PER_MINUTE: rate, ROOMTONE_TIKTOK_REQUEST_BURST: burst } of environments) {
        assertEquals([rate, burst], ["77", "7"]);
      }
    });

    it("agree on the number of recordings that a task holds", () => {
      const { Variables } = lambda("Poller", prod).Properties.Environment as { Variables: Record<string, unknown> };
      const [task] = Object.values(resources("AWS::ECS::TaskDefinition", prod));
      const [container] = task?.Properties.ContainerDefinitions as {
        Environment: { Name: string; Value: unknown }[];
      }[];
      const slots = container?.Environment.find(({ Name }) => Name === "ROOMTONE_RECORDER_SLOTS");
      assertEquals([Variables.ROOMTONE_RECORDER_SLOTS, slots?.Value], ["25", "25"]);
    });
  });

  describe("rights", () => {
    it("are those that each process uses, and no more", () => {
      assertEquals(actions("SystemFunction", "dynamodb"), [
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
      ]);
      assertEquals(actions("SystemFunction", "s3"), ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket"]);
      for (const id of ["PollerFunction", "SystemFunction"]) {
        assertEquals(actions(id, "ecs"), ["ecs:ListTasks", "ecs:RunTask"], id);
        assertEquals(actions(id, "iam"), ["iam:PassRole"], id);
      }
      const works = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"];
      assertEquals(actions("PollerFunction", "dynamodb"), works);
      assertEquals(actions("RecordersTaskTaskRole", "dynamodb"), works);
      assertEquals(actions("RecordersTaskTaskRole", "s3"), ["s3:AbortMultipartUpload", "s3:PutObject"]);
      assertEquals(actions("ConsumerFunction", "dynamodb"), [
        "dynamodb:DescribeStream",
        "dynamodb:GetItem",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "dynamodb:PutItem",
      ]);
      const looksUp = ["dynamodb:GetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"];
      for (
        const [id, more] of [["Links", []], ["UserInfo", []], ["Followings", ["ssm:GetParameter"]]] as const
      ) {
        const all = statements(`${id}Function`).flatMap(({ Action }) => Action);
        assertEquals(all.sort(), [...looksUp, ...more, ...TRACES], id);
      }
    });

    it("let only lists of users and the system read the operator's session, by its name", () => {
      const readers = ["Links", "UserInfo", "Followings", "System", "Poller", "Consumer", "Recorders"].filter((id) => {
        const [read] = statements(id).filter(({ Action }) => [Action].flat().some((each) => each.startsWith("ssm:")));
        if (read === undefined) return false;
        assertEquals(read.Action, "ssm:GetParameter", id);
        assertStringIncludes(JSON.stringify(read.Resource), ":parameter/roomtone/dev/identity");
        const { Variables } = lambda(id).Properties.Environment as { Variables: Record<string, unknown> };
        assertEquals(Variables.ROOMTONE_IDENTITY_PARAMETER, "/roomtone/dev/identity", id);
        return true;
      });
      assertEquals(readers, ["Followings", "System"]);
    });

    it("let functions that look up read and count API keys, keep answers, and see no other items", () => {
      for (const id of ["Links", "UserInfo", "Followings"]) {
        const table = statements(`${id}Function`).filter(({ Action }) => JSON.stringify(Action).includes("dynamodb:"));
        const onlyFor = (prefix: string) => ({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [prefix] } });
        assertEquals(table.map(({ Action, Condition }) => [Action, Condition]), [
          [["dynamodb:GetItem", "dynamodb:UpdateItem"], onlyFor("KEY#*")],
          [["dynamodb:GetItem", "dynamodb:PutItem"], onlyFor("ANSWER#*")],
        ], id);
      }
    });

    it("name actions and resources; what takes no resource has another limit or none to take", () => {
      // These calls know no resource. ListTasks is held to the cluster by a condition.
      const global = new Set(["ecs:ListTasks", "dynamodb:ListStreams", "ecr:GetAuthorizationToken", ...TRACES]);
      for (const statement of statements("")) {
        for (const action of [statement.Action].flat()) {
          assert(!action.includes("*"), action);
          if (statement.Resource === "*") assert(global.has(action), action);
          if (action.startsWith("ecs:")) assertStringIncludes(JSON.stringify(statement.Condition), "ecs:cluster");
        }
      }
    });

    it("let poller and system hand roles to recorder tasks only", () => {
      for (const id of ["PollerFunction", "SystemFunction"]) {
        const pass = statements(id).find(({ Action }) => Action === "iam:PassRole");
        assertEquals(pass?.Condition, { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } }, id);
        assertStringIncludes(JSON.stringify(pass?.Resource), "RecordersTask");
      }
    });

    it("let the system read and delete recordings' files, and list no others", () => {
      for (const { Action, Resource, Condition } of statements("SystemFunction")) {
        if (!JSON.stringify(Action).includes('"s3:')) continue;
        if (Action === "s3:ListBucket") {
          assertEquals(Condition, { StringLikeIfExists: { "s3:prefix": "recordings/*" } });
        } else assertStringIncludes(JSON.stringify(Resource), "/recordings/*");
      }
    });
  });

  describe("poller", () => {
    it("runs every minute; a missed run is not made up for", () => {
      dev.resourceCountIs("AWS::Scheduler::Schedule", 1);
      dev.hasResourceProperties("AWS::Scheduler::Schedule", {
        ScheduleExpression: "rate(1 minute)",
        State: "ENABLED",
        Target: {
          Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("^PollerFunction"), "Arn"] },
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
          DeadLetterConfig: Match.anyValue(),
        },
      });
    });
  });

  describe("consumer", () => {
    it("reads new event batches from the stream, isolates bad records and keeps what fails", () => {
      dev.resourceCountIs("AWS::Lambda::EventSourceMapping", 1);
      dev.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
        EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^EventsTable"), "StreamArn"] },
        FunctionName: { Ref: Match.stringLikeRegexp("^ConsumerFunction") },
        StartingPosition: "TRIM_HORIZON",
        BatchSize: 100,
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        MaximumRetryAttempts: 5,
        MaximumRecordAgeInSeconds: 23 * 3600,
        DestinationConfig: {
          OnFailure: { Destination: { "Fn::GetAtt": [Match.stringLikeRegexp("^StreamFailures"), "Arn"] } },
        },
        FilterCriteria: {
          Filters: [{ Pattern: '{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"EVENTS#"}]}}}}' }],
        },
      });
    });
  });

  describe("API", () => {
    it("has the routes of the contract, each at its group's function", () => {
      const expected = Object.entries(ROUTE_GROUPS).flatMap(([group, routes]) =>
        routes.map(({ method, path }) => `${method.toUpperCase()} ${path} -> ${group}`)
      );
      const integrations = resources("AWS::ApiGatewayV2::Integration");
      const found = Object.values(resources("AWS::ApiGatewayV2::Route")).map(({ Properties }) => {
        const [id] = Object.keys(integrations).filter((key) => JSON.stringify(Properties.Target).includes(key));
        const uri = JSON.stringify(integrations[id ?? ""]?.Properties.IntegrationUri);
        const name = /"(\w+?)Function/.exec(uri)?.[1] ?? "";
        return `${Properties.RouteKey} -> ${name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase()}`;
      });
      assertEquals(found.sort(), expected.sort());
      for (const { Properties } of Object.values(integrations)) {
        assertEquals(Properties.PayloadFormatVersion, "2.0");
      }
    });

    it("leaves API keys to the functions and other origins out, and takes not too many calls", () => {
      for (const { Properties } of Object.values(resources("AWS::ApiGatewayV2::Route"))) {
        assertEquals(Properties.AuthorizationType, "NONE", String(Properties.RouteKey));
      }
      for (const { Properties } of Object.values(resources("AWS::ApiGatewayV2::Api"))) {
        assertEquals(Properties.CorsConfiguration, undefined);
      }
      dev.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
        DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
      });
    });
  });

  describe("the API's functions", () => {
    const GROUPS = { Links: "links", UserInfo: "user-info", Followings: "followings", System: "system" };

    it("have their calls at once set aside in prod, each its own", () => {
      for (const id of Object.keys(GROUPS)) {
        assertEquals(lambda(id).Properties.ReservedConcurrentExecutions, undefined, id);
        const { ReservedConcurrentExecutions: calls } = lambda(id, prod).Properties;
        assert(typeof calls === "number" && calls > 0, id);
      }
    });

    it("have alarms by name for errors, calls turned away and late answers", () => {
      for (const [id, name] of Object.entries(GROUPS)) {
        for (
          const [kind, metric] of [["errors", "Errors"], ["throttles", "Throttles"], ["slow", "Duration"]] as const
        ) {
          const [alarm, ...more] = Object.values(resources("AWS::CloudWatch::Alarm")).filter(({ Properties }) =>
            Properties.AlarmName === `roomtone-dev-${name}-${kind}`
          );
          assert(alarm !== undefined && more.length === 0, `${name} ${kind}`);
          assertEquals(alarm.Properties.MetricName, metric);
          assertEquals(alarm.Properties.AlarmActions, undefined);
          const [dimension] = alarm.Properties.Dimensions as { Value: { Ref: string } }[];
          assert(dimension?.Value.Ref.startsWith(`${id}Function`), `${name} ${kind} watches ${dimension?.Value.Ref}`);
        }
      }
    });

    it("tell a topic of alarms and of their end where the stage names one", () => {
      const alarmTopicArn = "arn:aws:sns:eu-west-1:123456789012:on-call";
      const told = synthesise("dev", join(scratch, "told"), { alarmTopicArn });
      for (const { Properties } of Object.values(resources("AWS::CloudWatch::Alarm", told))) {
        assertEquals([Properties.AlarmActions, Properties.OKActions], [[alarmTopicArn], [alarmTopicArn]]);
      }
    });
  });

  describe("tracing", () => {
    it("has X-Ray sample the API's functions", () => {
      const traced = ["Links", "UserInfo", "Followings", "System", "Poller", "Consumer"].filter((id) => {
        const { TracingConfig } = lambda(id).Properties as { TracingConfig?: { Mode: string } };
        if (TracingConfig === undefined) return false;
        assertEquals(TracingConfig, { Mode: "Active" }, id);
        assertEquals(actions(`${id}Function`, "xray"), TRACES, id);
        return true;
      });
      assertEquals(traced, ["Links", "UserInfo", "Followings", "System"]);
    });

    it("has a line in the access log for each call, by the request id that functions and answers have", () => {
      const [stage] = Object.values(resources("AWS::ApiGatewayV2::Stage"));
      const { DestinationArn, Format } = stage?.Properties.AccessLogSettings as Record<string, unknown>;
      assertStringIncludes(JSON.stringify(DestinationArn), "ApiAccessLog");
      const line = JSON.parse(String(Format)) as Record<string, string>;
      assertEquals([line.requestId, line.route, line.status], [
        "$context.requestId",
        "$context.routeKey",
        "$context.status",
      ]);
      for (const field of Object.values(line)) assert(!/path|query|header/i.test(field), field);
      const groups = Object.entries(resources("AWS::Logs::LogGroup"));
      const [, log] = groups.find(([id]) => id.startsWith("ApiAccessLog")) ?? [];
      assertEquals(log?.Properties.RetentionInDays, 14);
    });
  });

  describe("recorders", () => {
    it("run on Fargate, with the longest time there is to hand over", () => {
      dev.hasResourceProperties("AWS::ECS::TaskDefinition", {
        RequiresCompatibilities: ["FARGATE"],
        RuntimePlatform: { CpuArchitecture: "ARM64", OperatingSystemFamily: "LINUX" },
        ContainerDefinitions: [Match.objectLike({ Name: "recorder", Essential: true, StopTimeout: 120 })],
      });
    });

    it("let nobody in, and cost nothing while none runs", () => {
      const [group] = Object.values(resources("AWS::EC2::SecurityGroup"));
      assertEquals(group?.Properties.SecurityGroupIngress, undefined);
      dev.resourceCountIs("AWS::EC2::SecurityGroupIngress", 0);
      dev.resourceCountIs("AWS::EC2::NatGateway", 0);
      dev.resourceCountIs("AWS::ECS::Service", 0);
      const types = Object.values(resources("AWS::EC2::VPCEndpoint")).map(({ Properties }) =>
        Properties.VpcEndpointType
      );
      assertEquals(types, ["Gateway", "Gateway"]);
    });
  });

  it("has the same functions on every stage", () => {
    assertEquals(
      Object.keys(resources("AWS::Lambda::Function")),
      Object.keys(resources("AWS::Lambda::Function", prod)),
    );
  });
});

describe("stageConfig()", () => {
  it("knows its stages", () => {
    for (const stage of ["dev", "prod"]) assertEquals(stageConfig(stage).stage, stage);
    for (const stage of ["", "toString", "staging"]) {
      const error = assertThrows(() => stageConfig(stage));
      assert(error instanceof RangeError);
    }
  });
});
