import { Duration, Stack, type StackProps } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import {
  ANSWER_PREFIX,
  ConsumerConfig,
  environment,
  EVENTS_TABLE,
  eventsTableName,
  FollowingsConfig,
  KEY_PREFIX,
  LookupConfig,
  PollerConfig,
  RecorderTaskConfig,
  RECORDINGS_PREFIX,
  ROUTE_GROUPS,
  type RouteGroup,
  SystemConfig,
  TABLE,
} from "@roomtone/functions/deploy";
import { identityParameter, type StageConfig } from "../config.ts";
import { BlobBucket } from "../constructs/blob_bucket.ts";
import { StreamConsumer } from "../constructs/stream_consumer.ts";
import { FunctionAlarms } from "../constructs/function_alarms.ts";
import { RouteGroupApi } from "../constructs/route_group_api.ts";
import { NodeFunction } from "../constructs/node_function.ts";
import { PollerSchedule } from "../constructs/poller_schedule.ts";
import { RecorderFleet } from "../constructs/recorder_fleet.ts";
import { StateTable } from "../constructs/state_table.ts";

/** Options of {@link RoomtoneStack}. */
export interface RoomtoneStackProps extends StackProps {
  readonly config: StageConfig;
  /** Folder of the bundles that `scripts/build_functions.ts` writes. */
  readonly distDir: string;
}

/** API Gateway waits no longer than 30 s for a function. */
const API_TIMEOUT = Duration.seconds(29);

/** The whole system: API, poller, recorders, consumer, and the table and bucket that they share. */
export class RoomtoneStack extends Stack {
  constructor(scope: Construct, id: string, props: RoomtoneStackProps) {
    super(scope, id, props);
    const { config, distDir } = props;
    const stateName = `roomtone-${config.stage}`;
    const { retainData: retain } = config;
    const { table } = new StateTable(this, "State", { tableName: stateName, shape: TABLE, retain });
    const { table: events } = new StateTable(this, "Events", {
      ...{ tableName: eventsTableName(stateName), shape: EVENTS_TABLE, retain },
    });
    const { bucket } = new BlobBucket(this, "Blobs", { retain: config.retainData });
    const tableName = table.tableName;
    const { tiktokRequestsPerMinute, tiktokRequestBurst } = config;
    const budget = { tiktokRequestsPerMinute, tiktokRequestBurst };
    const files = bucket.arnForObjects(`${RECORDINGS_PREFIX}*`);

    const recorders = new RecorderFleet(this, "Recorders", {
      ...{ distDir, cpu: config.recorder.cpu, memoryMiB: config.recorder.memoryMiB, diskGiB: config.recorder.diskGiB },
      environment: environment(RecorderTaskConfig, {
        ...{ tableName, bucketName: bucket.bucketName, ...budget, recorderSlots: config.recorder.slots },
      }),
    });
    const recorderRole = recorders.taskDefinition.taskRole;
    table.grant(recorderRole, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem");
    events.grant(recorderRole, "dynamodb:Query", "dynamodb:PutItem");
    recorders.taskDefinition.addToTaskRolePolicy(
      new PolicyStatement({
        actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
        resources: [files],
      }),
    );

    const launching = {
      ecsCluster: recorders.cluster.clusterArn,
      ecsTaskDefinition: recorders.taskDefinition.taskDefinitionArn,
      ecsSubnets: recorders.subnetIds,
      ecsSecurityGroups: [recorders.securityGroup.securityGroupId],
      recorderSlots: config.recorder.slots,
      maxTasks: config.recorder.maxTasks,
    };
    const poller = new NodeFunction(this, "Poller", {
      ...{ bundle: "poller", distDir, description: "Looks which watched hosts are live, and has them recorded" },
      environment: environment(PollerConfig, {
        tableName,
        ...budget,
        pollIntervalMs: config.pollMinutes * 60_000,
        ...launching,
      }),
      timeout: Duration.seconds(55),
    }).fn;
    table.grant(poller, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem");
    recorders.grantLaunch(poller);
    new PollerSchedule(this, "PollerSchedule", { poller, every: Duration.minutes(config.pollMinutes) });

    const consumer = new NodeFunction(this, "Consumer", {
      ...{ bundle: "consumer", distDir, description: "Adds up the events of recordings as they are stored" },
      environment: environment(ConsumerConfig, { tableName }),
      timeout: Duration.seconds(60),
    }).fn;
    table.grant(consumer, "dynamodb:GetItem", "dynamodb:PutItem");
    new StreamConsumer(this, "Stream", { consumer, table: events });

    const identity = { identityParameter: identityParameter(config) };
    const mediaHosts = [...config.mediaHosts];
    const lookup = environment(LookupConfig, { tableName, ...budget, mediaHosts });
    const apiFunction = (id: string, bundle: RouteGroup, description: string, env: Record<string, string>) => {
      const { fn } = new NodeFunction(this, id, {
        ...{ bundle, distDir, description, environment: env, timeout: API_TIMEOUT, traced: true },
        reservedConcurrency: config.reservedConcurrency[bundle],
      });
      const name = `roomtone-${config.stage}-${bundle.replaceAll("_", "-")}`;
      new FunctionAlarms(this, `${id}Alarms`, { name, fn, topicArn: config.alarmTopicArn });
      return fn;
    };
    const functions = {
      links: apiFunction("Links", "links", "Answers for stream links", lookup),
      user_info: apiFunction("UserInfo", "user_info", "Answers for profiles", lookup),
      followings: apiFunction(
        "Followings",
        "followings",
        "Answers for followings and followers",
        environment(FollowingsConfig, { tableName, ...budget, ...identity }),
      ),
      system: apiFunction(
        "System",
        "system",
        "Answers for the watchlist and recordings",
        environment(SystemConfig, {
          ...{ tableName, ...budget, bucketName: bucket.bucketName, ...identity, ...launching },
          ...{ mediaHosts, sendMessages: config.sendMessages },
        }),
      ),
    };
    recorders.grantLaunch(functions.system);
    for (
      const statement of [
        { actions: ["s3:GetObject", "s3:DeleteObject"], resources: [files] },
        {
          // Also what makes S3 say that an object is not there; such a request names no prefix.
          actions: ["s3:ListBucket"],
          resources: [bucket.bucketArn],
          conditions: { StringLikeIfExists: { "s3:prefix": `${RECORDINGS_PREFIX}*` } },
        },
      ]
    ) functions.system.addToRolePolicy(new PolicyStatement(statement));
    table.grant(
      functions.system,
      ...["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
    );
    events.grant(
      functions.system,
      ...["dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
    );
    // The others check API keys and count their requests, and keep answers; no other items are theirs.
    for (const each of [functions.links, functions.user_info, functions.followings]) {
      for (
        const [prefix, actions] of [
          [KEY_PREFIX, ["dynamodb:GetItem", "dynamodb:UpdateItem"]],
          [ANSWER_PREFIX, ["dynamodb:GetItem", "dynamodb:PutItem"]],
        ] as const
      ) {
        each.addToRolePolicy(
          new PolicyStatement({
            actions: [...actions],
            resources: [table.tableArn],
            conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [`${prefix}*`] } },
          }),
        );
      }
    }
    for (const each of [functions.followings, functions.system]) {
      each.addToRolePolicy(
        new PolicyStatement({
          // Decryption takes no right of its own: the parameter is encrypted with the key that AWS keeps for them.
          actions: ["ssm:GetParameter"],
          resources: [
            this.formatArn({ service: "ssm", resource: "parameter", resourceName: identityParameter(config).slice(1) }),
          ],
        }),
      );
    }
    const { requestsPerSecond, corsOrigins } = config;
    new RouteGroupApi(this, "Api", { groups: ROUTE_GROUPS, functions, requestsPerSecond, corsOrigins });
  }
}
