import { countOpenRecordings } from "../../adapters/aws/dynamo_recordings.ts";
import type { DynamoTable } from "../../adapters/aws/dynamo_table.ts";
import { dynamoTurn } from "../../adapters/aws/dynamo_turn.ts";
import { ecsLauncher } from "../../adapters/aws/ecs_launcher.ts";
import { once } from "../../core/once.ts";
import type { Logger } from "../../ports/logger.ts";
import type { RecorderLauncher } from "../../ports/recorder_launcher.ts";

/** Settings of {@link openLauncher}. */
export interface LauncherSettings {
  ecsCluster: string;
  ecsTaskDefinition: string;
  ecsSubnets: string[];
  ecsSecurityGroups: string[];
  recorderSlots: number;
  maxTasks: number;
}

/** Recorder capacity by Fargate tasks, for the recordings of the table. */
export function openLauncher(settings: LauncherSettings, table: DynamoTable, logger: Logger): RecorderLauncher {
  return ecsLauncher({
    client: once(async () => {
      const { ECSClient } = await import("@aws-sdk/client-ecs");
      return new ECSClient({});
    }),
    logger,
    cluster: settings.ecsCluster,
    taskDefinition: settings.ecsTaskDefinition,
    subnets: settings.ecsSubnets,
    securityGroups: settings.ecsSecurityGroups,
    slotsPerTask: settings.recorderSlots,
    maxTasks: settings.maxTasks,
    countOpen: () => countOpenRecordings(table),
    turn: dynamoTurn(table, "launch"),
  });
}
