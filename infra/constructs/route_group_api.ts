import { CfnOutput, Duration, RemovalPolicy } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import {
  ApiMapping,
  CorsHttpMethod,
  DomainName,
  HttpApi,
  HttpMethod,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { ROUTE_GROUPS, RouteGroup } from "@roomtone/functions/deploy";

/** Options of {@link RouteGroupApi}. */
export interface RouteGroupApiProps {
  readonly groups: typeof ROUTE_GROUPS;
  /** Paths of the console, which the system's function answers. */
  readonly pagePaths: readonly string[];
  /** The function of each group. */
  readonly functions: Readonly<Record<RouteGroup, lambda.IFunction>>;
  /** Calls a second that the whole API takes before it answers 429. */
  readonly requestsPerSecond: number;
  /** Origins whose pages may call; API Gateway itself answers them. */
  readonly corsOrigins: readonly string[];
  /** The API's own name, and its certificate. */
  readonly domain: { readonly name: string; readonly certificateArn: string } | undefined;
}

const METHODS = { get: HttpMethod.GET, put: HttpMethod.PUT, post: HttpMethod.POST, delete: HttpMethod.DELETE } as const;

/**
 * A line of the access log. Its `requestId` is that of the function's own lines and of the answer's `x-request-id`, unless
 * the caller sent one. Neither path nor query is in it.
 */
const ACCESS_LOG = {
  time: "$context.requestTime",
  requestId: "$context.requestId",
  route: "$context.routeKey",
  status: "$context.status",
  client: "$context.identity.sourceIp",
  latencyMs: "$context.responseLatency",
  functionLatencyMs: "$context.integrationLatency",
  functionStatus: "$context.integration.status",
  functionRequestId: "$context.integration.requestId",
  error: "$context.integrationErrorMessage",
  gatewayError: "$context.error.message",
};

/**
 * One HTTP API (payload 2.0) with exactly the contract's routes, each sent to its group's function, and the console, whose
 * files are open: there is nothing in them, and what they show is asked for with a key. The functions
 * check the callers' API keys, as the same code does everywhere; the gateway holds off floods.
 */
export class RouteGroupApi extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, props: RouteGroupApiProps) {
    super(scope, id);
    this.api = new HttpApi(this, "Api", {
      createDefaultStage: false,
      corsPreflight: props.corsOrigins.length === 0 ? undefined : {
        allowOrigins: [...props.corsOrigins],
        allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.PUT, CorsHttpMethod.POST, CorsHttpMethod.DELETE],
        allowHeaders: ["authorization", "content-type", "if-none-match", "x-api-key", "x-request-id"],
        exposeHeaders: ["age", "etag", "ratelimit", "ratelimit-policy", "retry-after", "warning", "x-request-id"],
        maxAge: Duration.minutes(10),
      },
    });
    const stage = this.api.addStage("Stage", {
      stageName: "$default",
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new logs.LogGroup(this, "AccessLog", {
            retention: logs.RetentionDays.TWO_WEEKS,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
      throttle: { rateLimit: props.requestsPerSecond, burstLimit: props.requestsPerSecond * 2 },
    });
    for (const group of Object.keys(props.groups) as RouteGroup[]) {
      const integration = new HttpLambdaIntegration(group, props.functions[group]);
      for (const { method, path } of props.groups[group]) {
        this.api.addRoutes({ path, methods: [METHODS[method]], integration });
      }
      if (group !== "system") continue;
      for (const path of props.pagePaths) this.api.addRoutes({ path, methods: [HttpMethod.GET], integration });
    }
    if (props.domain === undefined) return;
    const { name: domainName, certificateArn } = props.domain;
    const certificate = Certificate.fromCertificateArn(this, "Certificate", certificateArn);
    const domain = new DomainName(this, "Domain", { domainName, certificate });
    new ApiMapping(this, "Mapping", { api: this.api, domainName: domain, stage });
    // Where the name's CNAME record must point.
    new CfnOutput(this, "DomainTarget", { value: domain.regionalDomainName });
  }
}
