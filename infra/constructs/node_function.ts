import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { join } from "node:path";

/** Options of {@link NodeFunction}. */
export interface NodeFunctionProps {
  /** Name of the bundle: `dist/<bundle>/index.mjs`, exporting `handler`. */
  readonly bundle: string;
  /** Folder that holds the bundles. */
  readonly distDir: string;
  readonly description: string;
  /** Exactly the keys that the entry's config schema reads. */
  readonly environment: Record<string, string>;
  readonly timeout: Duration;
  /** @default 256 */
  readonly memoryMiB?: number;
  /** Whether X-Ray samples its calls. @default false */
  readonly traced?: boolean;
  /** Calls that it may hold at once, set aside for it. @default what is free in the account */
  readonly reservedConcurrency?: number | undefined;
}

/** A Lambda from a bundle that is already built: Node 24 on arm64, own log group, kept for two weeks. */
export class NodeFunction extends Construct {
  readonly fn: lambda.Function;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    const logGroup = new logs.LogGroup(this, "Logs", {
      retention: logs.RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // In place of AWS's role for every function, which may write into every log.
    const role = new iam.Role(this, "Role", { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    this.fn = new lambda.Function(this, "Function", {
      role,
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      handler: "index.handler",
      code: lambda.Code.fromAsset(join(props.distDir, props.bundle)),
      environment: props.environment,
      timeout: props.timeout,
      memorySize: props.memoryMiB ?? 256,
      tracing: props.traced ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
      logGroup,
    });
  }
}
