import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { join } from "node:path";

/** Options of {@link RecorderFleet}. */
export interface RecorderFleetProps {
  /** Folder that holds the bundles; the image is built from `recorder_task` in it. */
  readonly distDir: string;
  /** Fargate CPU units (1024 is one core). */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Room for the recordings that the task has open, GiB (21 to 200). */
  readonly diskGiB: number;
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

  constructor(scope: Construct, id: string, props: RecorderFleetProps) {
    super(scope, id);
    const vpc = new ec2.Vpc(this, "Vpc", {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: "public", subnetType: ec2.SubnetType.PUBLIC }],
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
    this.cluster = new ecs.Cluster(this, "Cluster", { vpc, enableFargateCapacityProviders: true });
    this.taskDefinition = new ecs.FargateTaskDefinition(this, "Task", {
      cpu: props.cpu,
      memoryLimitMiB: props.memoryMiB,
      ephemeralStorageGiB: props.diskGiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    });
    this.taskDefinition.addContainer("recorder", {
      image: ecs.ContainerImage.fromAsset(join(props.distDir, "recorder_task")),
      environment: props.environment,
      // The longest that Fargate waits between SIGTERM and SIGKILL: the time to hand recordings over.
      stopTimeout: Duration.seconds(120),
      logging: ecs.LogDriver.awsLogs({
        streamPrefix: "recorder",
        logGroup: new logs.LogGroup(this, "Logs", {
          retention: logs.RetentionDays.TWO_WEEKS,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      }),
    });
  }

  /** Allows counting, starting and nothing else, in this cluster and with this task definition only. */
  grantLaunch(grantee: iam.IGrantable): void {
    const inCluster = { ArnEquals: { "ecs:cluster": this.cluster.clusterArn } };
    for (
      const statement of [
        { actions: ["ecs:RunTask"], resources: [this.taskDefinition.taskDefinitionArn], conditions: inCluster },
        // ListTasks has no resource of its own: the condition on the cluster is its limit.
        { actions: ["ecs:ListTasks"], resources: ["*"], conditions: inCluster },
        {
          actions: ["iam:PassRole"],
          resources: [this.taskDefinition.taskRole.roleArn, this.taskDefinition.obtainExecutionRole().roleArn],
          conditions: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
        },
      ]
    ) grantee.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  }
}
