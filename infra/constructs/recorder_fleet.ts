import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { join } from "node:path";

/** Options of {@link RecorderFleet}. */
export interface RecorderFleetProps {
  /** Name of the task definition. */
  readonly family: string;
  /** Folder that holds the bundles; the image is built from `recorder_task` in it. */
  readonly distDir: string;
  /** Fargate CPU units (1024 is one core). */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Room for the recordings that the task has open, GiB (21 to 200). */
  readonly diskGiB: number;
  /** Part of the tasks on Fargate Spot, percent. */
  readonly spotPercent: number;
  /** Exactly the keys that the task's config schema reads. */
  readonly environment: Record<string, string>;
}

/**
 * Network, cluster and task definition of the recorders. No service: the poller starts tasks when there is work, and
 * idle tasks leave. Public subnets without NAT, because an idle system must cost nearly nothing; nothing may connect in.
 */
export class RecorderFleet extends Construct {
  readonly cluster: ecs.Cluster;
  readonly taskDefinition: ecs.FargateTaskDefinition;
  readonly securityGroup: ec2.SecurityGroup;
  readonly subnetIds: string[];
  readonly logGroup: logs.LogGroup;

  constructor(scope: Construct, id: string, props: RecorderFleetProps) {
    super(scope, id);
    const vpc = new ec2.Vpc(this, "Vpc", {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: "public", subnetType: ec2.SubnetType.PUBLIC }],
      // Nothing uses the default group, and closing it would take a function of its own.
      restrictDefaultSecurityGroup: false,
      gatewayEndpoints: {
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    this.subnetIds = vpc.publicSubnets.map((subnet) => subnet.subnetId);
    this.securityGroup = new ec2.SecurityGroup(this, "NoInbound", {
      vpc,
      description: "Recorder tasks: outbound only",
      allowAllOutbound: true,
    });
    this.cluster = new ecs.Cluster(this, "Cluster", {
      vpc,
      enableFargateCapacityProviders: true,
      containerInsightsV2: ecs.ContainerInsights.DISABLED,
    });
    // What RunTask takes when it names no launch type.
    this.cluster.addDefaultCapacityProviderStrategy(
      [
        { capacityProvider: "FARGATE_SPOT", weight: props.spotPercent },
        { capacityProvider: "FARGATE", weight: 100 - props.spotPercent },
      ].filter(({ weight }) => weight > 0),
    );
    this.taskDefinition = new ecs.FargateTaskDefinition(this, "Task", {
      family: props.family,
      cpu: props.cpu,
      memoryLimitMiB: props.memoryMiB,
      ephemeralStorageGiB: props.diskGiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      // The image's VOLUME gives it to the user that the process runs as.
      volumes: [{ name: "data" }],
    });
    this.logGroup = new logs.LogGroup(this, "Logs", {
      retention: logs.RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const container = this.taskDefinition.addContainer("recorder", {
      image: ecs.ContainerImage.fromAsset(join(props.distDir, "recorder_task")),
      environment: props.environment,
      readonlyRootFilesystem: true,
      // ECS does not read the image's HEALTHCHECK: this is the same one.
      healthCheck: {
        command: ["CMD", "node", "health.mjs"],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(60),
      },
      // The longest that Fargate waits between SIGTERM and SIGKILL: the time to hand recordings over.
      stopTimeout: Duration.seconds(120),
      logging: ecs.LogDriver.awsLogs({ streamPrefix: "recorder", logGroup: this.logGroup }),
    });
    container.addMountPoints({ sourceVolume: "data", containerPath: "/data", readOnly: false });
  }

  /** Allows counting, starting and nothing else, in this cluster and with this task definition only. */
  grantLaunch(grantee: iam.IGrantable): void {
    const inCluster = { ArnEquals: { "ecs:cluster": this.cluster.clusterArn } };
    const { family } = this.taskDefinition;
    const roles = [this.taskDefinition.taskRole.roleArn, this.taskDefinition.obtainExecutionRole().roleArn];
    for (
      const statement of [
        {
          actions: ["ecs:RunTask"],
          resources: [this.cluster.stack.formatArn({ service: "ecs", resource: `task-definition/${family}:*` })],
          conditions: inCluster,
        },
        // ListTasks has no resource of its own: the condition on the cluster is its limit.
        { actions: ["ecs:ListTasks"], resources: ["*"], conditions: inCluster },
        {
          actions: ["iam:PassRole"],
          resources: roles,
          conditions: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
        },
      ]
    ) grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  }
}
