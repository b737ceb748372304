import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  AlertsConfig,
  CanaryConfig,
  type ConfigSchema,
  ConsumerConfig,
  envNames,
  EVENTS_TABLE,
  FollowingsConfig,
  LookupConfig,
  PAGE_PATHS,
  PollerConfig,
  RecorderTaskConfig,
  RetentionConfig,
  ROUTE_GROUPS,
  SystemConfig,
  TABLE,
  type TableShape,
} from "@roomtone/functions/deploy";
import { Match } from "aws-cdk-lib/assertions";
import { before, describe, it } from "node:test";
import { stageConfig } from "../../infra/config.ts";
import { STACK_PARTS } from "../../infra/roomtone.ts";
import { valueText } from "./statement_text.ts";
import { type Part, type Resource, synthesise, type Templates } from "./synthesise.ts";

let dev: Templates;
let prod: Templates;

before(() => {
  dev = synthesise("dev", { tiktokRequestsPerMinute: 77, tiktokRequestBurst: 7, pollSchedules: 2 });
  prod = synthesise("prod");
});

/** Every type of resource that could be reached from outside, or hold something. */
const STATEFUL = ["AWS::DynamoDB::Table", "AWS::S3::Bucket"];
const fn = (id: string, templates = dev): Resource => templates.one("AWS::Lambda::Function", `${id}Function`);
const container = (templates = dev): Record<string, unknown> => {
  const task = templates.one("AWS::ECS::TaskDefinition", "");
  const [first] = task.Properties.ContainerDefinitions as Record<string, unknown>[];
  assert(first !== undefined);
  return first;
};
const variables = (id: string, templates = dev): Record<string, unknown> => {
  if (id !== "Recorders") {
    return (fn(id, templates).Properties.Environment as { Variables: Record<string, unknown> }).Variables;
  }
  const entries = container(templates).Environment as { Name: string; Value: unknown }[];
  return Object.fromEntries(entries.map(({ Name, Value }) => [Name, Value]));
};

describe("stacks", () => {
  it("hold what can be lost in one of them, which nothing but its own settings makes", () => {
    for (const type of STATEFUL) {
      assert(Object.keys(dev.resources(type, "Data")).length > 0, type);
      assertEquals(dev.resources(type, "Data"), dev.resources(type), type);
    }
    assertStringIncludes(JSON.stringify(dev.byPart.Poller.toJSON()), "Fn::ImportValue");
    assert(!JSON.stringify(dev.byPart.Data.toJSON()).includes("Fn::ImportValue"));
  });

  it("refer to those before them only", () => {
    for (const [at, part] of STACK_PARTS.entries()) {
      const text = JSON.stringify(dev.byPart[part].toJSON());
      for (const later of STACK_PARTS.slice(at)) {
        assert(!text.includes(`"Fn::ImportValue":"Roomtone-dev-${later}:`), `${part} needs ${later}`);
      }
    }
  });

  it("export nothing that a release changes, such as a task definition's revision", () => {
    for (const part of STACK_PARTS) {
      const exported = Object.values(dev.byPart[part].findOutputs("*")).filter((output) => output.Export !== undefined);
      for (const { Value } of exported) {
        const [id = ""] = valueText(Value).split(".");
        assert(!/^RecordersTask$|Version|Alias|Deployment/.test(id), `${part} exports ${id}`);
      }
    }
  });

  it("have the same resources on every stage, but for settings", () => {
    for (const part of STACK_PARTS) {
      const types = (templates: Templates) =>
        Object.values((templates.byPart[part].toJSON() as { Resources: Record<string, Resource> }).Resources)
          .map(({ Type }) => Type).sort();
      assertEquals(types(synthesise("dev")), types(prod), part);
    }
  });

  it("let nothing in that is not meant to: no rule for the network, no function's URL, no public bucket", () => {
    for (
      const type of [
        "AWS::EC2::SecurityGroupIngress",
        "AWS::Lambda::Url",
        "AWS::EC2::NatGateway",
        "AWS::ECS::Service",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
      ]
    ) assertEquals(dev.resources(type), {}, type);
    for (const { Properties } of Object.values(dev.resources("AWS::EC2::SecurityGroup"))) {
      assertEquals(Properties.SecurityGroupIngress, undefined);
    }
    for (const { Properties } of Object.values(dev.resources("AWS::Lambda::Permission"))) {
      assertEquals(Properties.Principal, "apigateway.amazonaws.com");
    }
    for (const type of ["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"]) {
      for (const { Properties } of Object.values(dev.resources(type))) {
        const { Statement } = Properties.PolicyDocument as { Statement: { Effect: string; Principal: unknown }[] };
        for (const { Effect, Principal } of Statement) {
          if (Effect === "Allow") assert(!JSON.stringify(Principal).includes("*"), JSON.stringify(Principal));
        }
      }
    }
    dev.byPart.Data.hasResourceProperties("AWS::S3::Bucket", {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: Match.anyValue(),
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      LifecycleConfiguration: {
        Rules: [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 }, Status: "Enabled" }],
      },
    });
  });

  it("lets pages of the API, by any name, and of origins that may call it read objects, and no others", () => {
    const readers = ({ byPart }: Templates) => {
      const [{ Properties } = { Properties: {} }] = Object.values(byPart.Data.findResources("AWS::S3::Bucket"));
      return (Properties as { CorsConfiguration: { CorsRules: Record<string, string[]>[] } }).CorsConfiguration
        .CorsRules
        .map(({ AllowedMethods, AllowedOrigins }) => [AllowedMethods, AllowedOrigins]);
    };
    const gateway = "https://*.execute-api.us-east-1.amazonaws.com";
    assertEquals(readers(dev), [[["GET", "HEAD"], [gateway]]]);
    const domain = {
      name: "api.example.com",
      certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    };
    const named = synthesise("dev", { domain, corsOrigins: ["https://app.example"] });
    assertEquals(readers(named), [[["GET", "HEAD"], [gateway, "https://api.example.com", "https://app.example"]]]);
  });
});

describe("data", () => {
  it("is in tables of the shapes that the adapters are tested with", () => {
    const shapes: [string, string, TableShape][] = [
      ["State", "roomtone-dev", TABLE],
      ["Events", "roomtone-dev-events", EVENTS_TABLE],
    ];
    for (const [id, name, shape] of shapes) {
      const { Properties } = dev.one("AWS::DynamoDB::Table", id);
      const keys = ({ partitionKey, sortKey }: Pick<TableShape, "partitionKey" | "sortKey">) => [
        { AttributeName: partitionKey.name, KeyType: "HASH" },
        { AttributeName: sortKey.name, KeyType: "RANGE" },
      ];
      const attributes = [shape, ...shape.indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]);
      assertEquals([Properties.TableName, Properties.BillingMode], [name, "PAY_PER_REQUEST"]);
      assertEquals(Properties.KeySchema, keys(shape));
      assertEquals(
        Properties.AttributeDefinitions,
        attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      );
      assertEquals(
        Properties.GlobalSecondaryIndexes ?? [],
        shape.indexes.map((index) => ({
          IndexName: index.name,
          KeySchema: keys(index),
          Projection: { ProjectionType: "ALL" },
        })),
      );
      const stream = shape.streamViewType && { StreamViewType: shape.streamViewType };
      assertEquals(Properties.StreamSpecification, stream);
      assertEquals(Properties.TimeToLiveSpecification, { AttributeName: shape.ttlAttribute, Enabled: true });
    }
  });

  it("outlives its stack in prod, guarded, with a way back to each second; in dev it goes with it", () => {
    for (const type of STATEFUL) {
      for (const [templates, policy] of [[dev, "Delete"], [prod, "Retain"]] as const) {
        for (const { DeletionPolicy, UpdateReplacePolicy } of Object.values(templates.resources(type))) {
          assertEquals([DeletionPolicy, UpdateReplacePolicy], [policy, policy], type);
        }
      }
    }
    for (const [templates, guarded] of [[dev, false], [prod, true]] as const) {
      for (const { Properties } of Object.values(templates.resources("AWS::DynamoDB::Table"))) {
        assertEquals(Properties.DeletionProtectionEnabled, guarded);
        const { PointInTimeRecoveryEnabled } = Properties.PointInTimeRecoverySpecification as Record<string, unknown>;
        assertEquals(PointInTimeRecoveryEnabled, guarded);
      }
    }
  });
});

describe("processes", () => {
  const schemas: Record<string, ConfigSchema> = {
    Poller: PollerConfig,
    Canary: CanaryConfig,
    Consumer: ConsumerConfig,
    Alerts: AlertsConfig,
    Retention: RetentionConfig,
    Links: LookupConfig,
    UserInfo: LookupConfig,
    Followings: FollowingsConfig,
    System: SystemConfig,
  };

  it("have exactly the variables that their config schema reads", () => {
    assertEquals(Object.keys(dev.resources("AWS::Lambda::Function")).length, Object.keys(schemas).length);
    for (const [id, schema] of Object.entries({ ...schemas, Recorders: RecorderTaskConfig })) {
      assertEquals(Object.keys(variables(id)).sort(), envNames(schema).sort(), id);
    }
  });

  it("run on Node 24 and arm64 from their bundles, with logs of two weeks", () => {
    for (const id of Object.keys(schemas)) {
      const { Runtime, Architectures, Handler, LoggingConfig } = fn(id).Properties;
      assertEquals([Runtime, Architectures, Handler], ["nodejs24.x", ["arm64"], "index.handler"], id);
      assertEquals(valueText((LoggingConfig as { LogGroup: unknown }).LogGroup), `${id}Logs`);
    }
    for (const { Properties } of Object.values(dev.resources("AWS::Logs::LogGroup"))) {
      assertEquals(Properties.RetentionInDays, 14);
    }
  });

  it("keep to the stage's budget of requests to TikTok, which schedules of the poller share", () => {
    for (const id of ["Links", "UserInfo", "Followings", "System", "Recorders", "Poller"]) {
      const { ROOMTONE_TIKTOK_REQUESTS_PER_MINUTE: rate, ROOMTONE_TIKTOK_REQUEST_BURST: burst } = variables(id);
      assertEquals([rate, burst], id === "Poller" ? ["38", "3"] : ["77", "7"], id);
    }
  });

  it("are each who the stage says, by the name of a secret", () => {
    const { identities } = stageConfig("dev");
    const who = { Poller: "poller", Recorders: "recorder", Links: "lookups", UserInfo: "lookups" } as const;
    for (const [id, identity] of Object.entries({ ...who, Followings: "operator", System: "operator" } as const)) {
      assertEquals(variables(id).ROOMTONE_IDENTITY_PARAMETER, identities[identity], id);
    }
    assertEquals("ROOMTONE_IDENTITY_PARAMETER" in variables("Consumer"), false);
  });

  it("agree on the number of recordings that a task holds", () => {
    for (const id of ["Poller", "System", "Recorders"]) {
      assertEquals(variables(id, prod).ROOMTONE_RECORDER_SLOTS, "25", id);
    }
  });

  it("have their calls at once set aside in prod where they answer the API", () => {
    for (const id of ["Links", "UserInfo", "Followings", "System"]) {
      assertEquals(fn(id).Properties.ReservedConcurrentExecutions, undefined, id);
      const { ReservedConcurrentExecutions: calls } = fn(id, prod).Properties;
      assert(typeof calls === "number" && calls > 0, id);
    }
  });

  it("are sampled by X-Ray where they answer the API", () => {
    const traced = Object.keys(schemas).filter((id) => fn(id).Properties.TracingConfig !== undefined);
    assertEquals(traced, ["Links", "UserInfo", "Followings", "System"]);
    for (const id of traced) assertEquals(fn(id).Properties.TracingConfig, { Mode: "Active" });
  });
});

describe("poller", () => {
  it("runs every minute, by as many schedules as are set, which share the shards; a missed run is not made up for", () => {
    const polls = (templates: Templates) =>
      Object.entries(templates.resources("AWS::Scheduler::Schedule", "Poller"))
        .filter(([id]) => id.startsWith("Schedule")).map(([, schedule]) => schedule);
    const schedules = polls(dev);
    assertEquals(schedules.length, 2);
    const inputs = schedules.map(({ Properties }) => {
      const { Arn, RetryPolicy, DeadLetterConfig, Input } = Properties.Target as Record<string, unknown>;
      assertEquals([Properties.ScheduleExpression, Properties.State], ["rate(1 minute)", "ENABLED"]);
      assertEquals(valueText(Arn), "PollerFunction.Arn");
      assertEquals(RetryPolicy, { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
      assertEquals(valueText((DeadLetterConfig as { Arn: unknown }).Arn), "MissedTicksQueue.Arn");
      return JSON.parse(String(Input));
    });
    assertEquals(inputs, [{ shards: [0, 2, 4, 6, 8] }, { shards: [1, 3, 5, 7, 9] }]);
    assertEquals(polls(prod).length, 1);
  });
});

describe("consumer", () => {
  it("reads new batches from the events table's stream, isolates bad records and keeps what fails", () => {
    dev.byPart.Consumer.resourceCountIs("AWS::Lambda::EventSourceMapping", 1);
    const { Properties } = dev.one("AWS::Lambda::EventSourceMapping", "");
    const { EventSourceArn, FunctionName, DestinationConfig, Tags: _, ...more } = Properties;
    assertEquals(valueText(EventSourceArn), "EventsTable.StreamArn");
    assertEquals(valueText(FunctionName), "ConsumerFunction");
    const { OnFailure } = DestinationConfig as { OnFailure: { Destination: unknown } };
    assertEquals(valueText(OnFailure.Destination), "StreamFailuresQueue.Arn");
    assertEquals(more, {
      StartingPosition: "TRIM_HORIZON",
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 1,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ParallelizationFactor: 4,
      MaximumRetryAttempts: 20,
      MaximumRecordAgeInSeconds: 23 * 3600,
      FilterCriteria: {
        Filters: [{ Pattern: '{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"EVENTS#"}]}}}}' }],
      },
    });
  });
});

describe("alerts and retention", () => {
  it("run each minute and each day, and are told the stage's policies", () => {
    const rates = Object.values(dev.resources("AWS::Scheduler::Schedule", "Consumer")).map(({ Properties }) => [
      valueText((Properties.Target as { Arn: unknown }).Arn),
      Properties.ScheduleExpression,
    ]);
    assertEquals(rates, [["AlertsFunction.Arn", "rate(1 minute)"], ["RetentionFunction.Arn", "rate(1 day)"]]);
    const retention = { default: { recordingDays: 30 }, hosts: {} };
    const kept = synthesise("dev", { retention });
    for (const id of ["Retention", "System"]) {
      assertEquals(JSON.parse(String(variables(id, kept).ROOMTONE_RETENTION)), retention, id);
    }
    for (const id of ["Alerts", "Consumer", "Poller", "Recorders", "System"]) {
      assertEquals(variables(id).ROOMTONE_ALERTS, JSON.stringify(stageConfig("dev").alerts), id);
    }
  });
});

describe("queues", () => {
  it("of failures keep them for two weeks, encrypted, and take none in the clear", () => {
    const queues = Object.values(dev.resources("AWS::SQS::Queue"));
    assert(queues.length >= 2);
    for (const { Properties } of queues) {
      assertEquals([Properties.MessageRetentionPeriod, Properties.SqsManagedSseEnabled], [14 * 86_400, true]);
    }
    assertEquals(Object.keys(dev.resources("AWS::SQS::QueuePolicy")).length, queues.length);
  });
});

describe("API", () => {
  const api: Part = "Api";

  it("has the routes of the contract and the console's, each at its group's function", () => {
    const expected = Object.entries(ROUTE_GROUPS).flatMap(([group, routes]) =>
      routes.map(({ method, path }) => `${method.toUpperCase()} ${path} -> ${group}`)
    ).concat(PAGE_PATHS.map((path) => `GET ${path} -> system`));
    const integrations = dev.resources("AWS::ApiGatewayV2::Integration", api);
    const found = Object.values(dev.resources("AWS::ApiGatewayV2::Route", api)).map(({ Properties }) => {
      const [id] = Object.keys(integrations).filter((key) => JSON.stringify(Properties.Target).includes(key));
      const uri = JSON.stringify(integrations[id ?? ""]?.Properties.IntegrationUri);
      const name = /"(\w+?)Function/.exec(uri)?.[1] ?? "";
      return `${Properties.RouteKey} -> ${name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase()}`;
    });
    assertEquals(found.sort(), expected.sort());
    for (const { Properties } of Object.values(integrations)) assertEquals(Properties.PayloadFormatVersion, "2.0");
  });

  it("leaves API keys to the functions and other origins out, and takes not too many calls", () => {
    for (const { Properties } of Object.values(dev.resources("AWS::ApiGatewayV2::Route"))) {
      assertEquals(Properties.AuthorizationType, "NONE", String(Properties.RouteKey));
    }
    assertEquals(dev.one("AWS::ApiGatewayV2::Api", "").Properties.CorsConfiguration, undefined);
    dev.byPart.Api.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
      DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
    });
  });

  it("has a line in the access log for each call, by the request id that functions and answers have", () => {
    const { DestinationArn, Format } = dev.one("AWS::ApiGatewayV2::Stage", "").Properties.AccessLogSettings as Record<
      string,
      unknown
    >;
    assertStringIncludes(JSON.stringify(DestinationArn), "ApiAccessLog");
    const line = JSON.parse(String(Format)) as Record<string, string>;
    const shown = [line.requestId, line.route, line.status];
    assertEquals(shown, ["$context.requestId", "$context.routeKey", "$context.status"]);
    for (const field of Object.values(line)) assert(!/path|query|header/i.test(field), field);
  });

  it("has a name of its own where the stage gives one, and tells where its record must point", () => {
    assertEquals(dev.resources("AWS::ApiGatewayV2::DomainName"), {});
    const certificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/1234-abcd";
    const named = synthesise("dev", { domain: { name: "api.example.com", certificateArn } });
    const { DomainName, DomainNameConfigurations } = named.one("AWS::ApiGatewayV2::DomainName", "").Properties;
    assertEquals(DomainName, "api.example.com");
    const expected = [{ CertificateArn: certificateArn, EndpointType: "REGIONAL" }];
    assertEquals(DomainNameConfigurations, expected);
    assertEquals(Object.keys(named.resources("AWS::ApiGatewayV2::ApiMapping")).length, 1);
    assertEquals(named.byPart.Api.findOutputs("Url").Url?.Value, "https://api.example.com");
  });
});

describe("recorders", () => {
  it("run on Fargate, with the longest time there is to hand over", () => {
    const { Properties } = dev.one("AWS::ECS::TaskDefinition", "");
    assertEquals(Properties.RequiresCompatibilities, ["FARGATE"]);
    assertEquals(Properties.RuntimePlatform, { CpuArchitecture: "ARM64", OperatingSystemFamily: "LINUX" });
    assertEquals([container().Name, container().Essential, container().StopTimeout], ["recorder", true, 120]);
  });

  it("are started by a name that stays the same from release to release", () => {
    assertEquals(dev.one("AWS::ECS::TaskDefinition", "").Properties.Family, "roomtone-dev-recorder");
    for (const id of ["Poller", "System"]) {
      assertEquals(variables(id).ROOMTONE_ECS_TASK_DEFINITION, "roomtone-dev-recorder", id);
    }
  });

  it("write to their data volume only, and are looked after by the image's own health check", () => {
    assertEquals(container().ReadonlyRootFilesystem, true);
    const mounts = [{ ContainerPath: "/data", ReadOnly: false, SourceVolume: "data" }];
    assertEquals(container().MountPoints, mounts);
    const { Command } = container().HealthCheck as { Command: string[] };
    assertEquals(Command, ["CMD", "node", "health.mjs"]);
    assertEquals(variables("Recorders").ROOMTONE_DATA_DIR, "/data");
  });

  it("are on spare capacity as far as the stage says", () => {
    const weights = (templates: Templates) =>
      Object.fromEntries(
        Object.values(templates.resources("AWS::ECS::ClusterCapacityProviderAssociations")).flatMap(({ Properties }) =>
          (Properties.DefaultCapacityProviderStrategy as { CapacityProvider: string; Weight: number }[])
            .map(({ CapacityProvider, Weight }) => [CapacityProvider, Weight])
        ),
      );
    assertEquals(weights(dev), { FARGATE_SPOT: 100 });
    assertEquals(weights(prod), { FARGATE_SPOT: 50, FARGATE: 50 });
  });

  it("reach S3 and DynamoDB without leaving the network, which costs nothing", () => {
    const endpoints = Object.values(dev.resources("AWS::EC2::VPCEndpoint"));
    assertEquals(endpoints.map(({ Properties }) => Properties.VpcEndpointType), ["Gateway", "Gateway"]);
    const services = endpoints.map(({ Properties }) => valueText(Properties.ServiceName)).sort();
    assertEquals(services.map((name) => name.split(".").at(-1)), ["dynamodb", "s3"]);
  });

  it("are in zones that any region has", () => {
    for (const { Properties } of Object.values(dev.resources("AWS::EC2::Subnet"))) {
      assertStringIncludes(JSON.stringify(Properties.AvailabilityZone), "Fn::GetAZs");
    }
    const named = synthesise("dev", { account: "123456789012" });
    assertEquals(named.resources("AWS::EC2::Subnet"), dev.resources("AWS::EC2::Subnet"));
  });
});
