import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import {
  ANSWER_PREFIX,
  environment,
  FollowingsConfig,
  KEY_PREFIX,
  LookupConfig,
  PAGE_PATHS,
  RECORDINGS_PREFIX,
  ROUTE_GROUPS,
  type RouteGroup,
  SystemConfig,
} from "@roomtone/functions/deploy";
import { type StageConfig, tableName } from "../config.ts";
import { NodeFunction } from "../constructs/node_function.ts";
import { RouteGroupApi } from "../constructs/route_group_api.ts";
import { grantIdentity, grantIndexes, grantItems } from "../grants.ts";
import type { DataStack } from "./data_stack.ts";
import type { RecorderStack } from "./recorder_stack.ts";

/** Options of {@link ApiStack}. */
export interface ApiStackProps extends StackProps {
  readonly config: StageConfig;
  readonly distDir: string;
  readonly data: DataStack;
  readonly recorders: RecorderStack;
}

/** API Gateway waits no longer than 30 s for a function. */
const API_TIMEOUT = Duration.seconds(29);

/** The HTTP API, and a function for each group of its routes. */
export class ApiStack extends Stack {
  readonly api: HttpApi;
  readonly functions: Readonly<Record<RouteGroup, lambda.Function>>;

  constructor(scope: Construct, id: string, { config, distDir, data, recorders, ...props }: ApiStackProps) {
    super(scope, id, props);
    const { tiktokRequestsPerMinute, tiktokRequestBurst, identities, mediaHosts, sendMessages } = config;
    const shared = { tableName: tableName(config), tiktokRequestsPerMinute, tiktokRequestBurst };
    const lookup = environment(LookupConfig, { ...shared, mediaHosts, identityParameter: identities.lookups });
    const add = (id: string, bundle: RouteGroup, description: string, env: Record<string, string>) =>
      new NodeFunction(this, id, {
        ...{ bundle, distDir, description, environment: env, timeout: API_TIMEOUT, traced: true },
        reservedConcurrency: config.reservedConcurrency[bundle],
      }).fn;
    this.functions = {
      links: add("Links", "links", "Answers for stream links", lookup),
      user_info: add("UserInfo", "user_info", "Answers for profiles", lookup),
      followings: add(
        "Followings",
        "followings",
        "Answers for followings and followers",
        environment(FollowingsConfig, { ...shared, identityParameter: identities.operator }),
      ),
      system: add(
        "System",
        "system",
        "Answers for the watchlist and recordings",
        environment(SystemConfig, {
          ...{ ...shared, bucketName: data.bucket.bucketName, identityParameter: identities.operator },
          ...{ ...recorders.launching, mediaHosts, sendMessages },
          ...{ alerts: JSON.stringify(config.alerts), retention: JSON.stringify(config.retention) },
        }),
      ),
    };
    this.#grantData(data);
    recorders.grantLaunch(this.functions.system);
    for (const each of [this.functions.links, this.functions.user_info]) grantIdentity(each, this, identities.lookups);
    for (const each of [this.functions.followings, this.functions.system]) {
      grantIdentity(each, this, identities.operator);
    }
    const { requestsPerSecond, corsOrigins, domain } = config;
    const { functions } = this;
    this.api = new RouteGroupApi(this, "Api", {
      ...{ groups: ROUTE_GROUPS, pagePaths: PAGE_PATHS, functions, requestsPerSecond, corsOrigins, domain },
    }).api;
    const url = domain === undefined ? this.api.apiEndpoint : `https://${domain.name}`;
    new CfnOutput(this, "Url", { value: url });
    new CfnOutput(this, "TableName", { value: tableName(config) });
  }

  #grantData({ state, events, bucket }: DataStack): void {
    const { links, user_info, followings, system } = this.functions;
    for (
      const statement of [
        { actions: ["s3:GetObject", "s3:DeleteObject"], resources: [bucket.arnForObjects(`${RECORDINGS_PREFIX}*`)] },
        {
          // Also what makes S3 say that an object is not there; such a request names no prefix.
          actions: ["s3:ListBucket"],
          resources: [bucket.bucketArn],
          conditions: { StringLikeIfExists: { "s3:prefix": `${RECORDINGS_PREFIX}*` } },
        },
      ]
    ) system.addToRolePolicy(new PolicyStatement(statement));
    grantItems(system, state, ["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"]);
    grantIndexes(system, state);
    grantItems(system, events, ["Query", "UpdateItem", "DeleteItem"]);
    // The others check API keys and count their requests, and keep answers; no other items are theirs.
    for (const each of [links, user_info, followings]) {
      grantItems(each, state, ["GetItem", "UpdateItem"], KEY_PREFIX);
      grantItems(each, state, ["GetItem", "PutItem"], ANSWER_PREFIX);
    }
  }
}
