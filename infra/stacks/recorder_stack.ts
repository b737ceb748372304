import { Fn, Stack, type StackProps } from "aws-cdk-lib";
import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { environment, RecorderTaskConfig, RECORDINGS_PREFIX } from "@roomtone/functions/deploy";
import { type StageConfig, tableName } from "../config.ts";
import { RecorderFleet } from "../constructs/recorder_fleet.ts";
import { grantIdentity, grantIndexes, grantItems } from "../grants.ts";
import type { DataStack } from "./data_stack.ts";

/** Options of {@link RecorderStack}. */
export interface RecorderStackProps extends StackProps {
  readonly config: StageConfig;
  readonly distDir: string;
  readonly data: DataStack;
}

/** Settings by which a process starts recorder tasks, and counts them. */
export interface Launching {
  readonly ecsCluster: string;
  readonly ecsTaskDefinition: string;
  readonly ecsSubnets: string[];
  readonly ecsSecurityGroups: string[];
  readonly recorderSlots: number;
  readonly maxTasks: number;
}

/** Network, cluster and task definition of the recorders. */
export class RecorderStack extends Stack {
  readonly launching: Launching;
  readonly clusterName: string;
  readonly logGroup: LogGroup;
  readonly #fleet: RecorderFleet;

  constructor(scope: Construct, id: string, { config, distDir, data, ...props }: RecorderStackProps) {
    super(scope, id, props);
    const { tiktokRequestsPerMinute, tiktokRequestBurst, mediaHosts, identities, recorder } = config;
    // Tasks are started by this name, always in its newest revision. The ARN of a revision would be an export that changes
    // with each release while other stacks use it, which CloudFormation refuses.
    const family = `roomtone-${config.stage}-recorder`;
    this.#fleet = new RecorderFleet(this, "Recorders", {
      ...{ family, distDir, cpu: recorder.cpu, memoryMiB: recorder.memoryMiB, diskGiB: recorder.diskGiB },
      spotPercent: recorder.spotPercent,
      environment: environment(RecorderTaskConfig, {
        ...{ tableName: tableName(config), bucketName: data.bucket.bucketName, recorderSlots: recorder.slots },
        ...{ tiktokRequestsPerMinute, tiktokRequestBurst, mediaHosts, identityParameter: identities.recorder },
        alerts: JSON.stringify(config.alerts),
      }),
    });
    const { cluster, taskDefinition, subnetIds, securityGroup, logGroup } = this.#fleet;
    const { taskRole } = taskDefinition;
    grantItems(taskRole, data.state, ["GetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"]);
    grantIndexes(taskRole, data.state);
    grantItems(taskRole, data.events, ["Query", "PutItem"]);
    taskDefinition.addToTaskRolePolicy(
      new PolicyStatement({
        actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
        resources: [data.bucket.arnForObjects(`${RECORDINGS_PREFIX}*`)],
      }),
    );
    grantIdentity(taskRole, this, identities.recorder);
    this.launching = {
      ecsCluster: cluster.clusterArn,
      ecsTaskDefinition: family,
      ecsSubnets: subnetIds,
      ecsSecurityGroups: [securityGroup.securityGroupId],
      recorderSlots: recorder.slots,
      maxTasks: recorder.maxTasks,
    };
    this.clusterName = cluster.clusterName;
    this.logGroup = logGroup;
  }

  /** Allows to start recorder tasks. */
  grantLaunch(grantee: IGrantable): void {
    this.#fleet.grantLaunch(grantee);
  }

  /** The first two zones that the region has: their names would take a look into the account. */
  override get availabilityZones(): string[] {
    return [Fn.select(0, Fn.getAzs()), Fn.select(1, Fn.getAzs())];
  }
}
