import type { ECSClient } from "@aws-sdk/client-ecs";
import type { Logger } from "../../ports/logger.ts";
import type { RecorderLauncher } from "../../ports/recorder_launcher.ts";
import type { Turn } from "./dynamo_turn.ts";

/** RunTask starts this many at a time. */
const TASKS_PER_CALL = 10;
/** Longest time that counting and starting take, ms. */
const TURN_MS = 30_000;
/** Time for ECS to list the tasks that were started, ms: its lists follow its starts. */
const LISTED_MS = 5_000;

/** Options of {@link ecsLauncher}. */
export interface EcsLauncherOptions {
  /** Gives the same one each time; the AWS client is loaded when there is something to launch. */
  client: () => Promise<ECSClient>;
  logger: Logger;
  /** Cluster that holds recorder tasks and nothing else; its default strategy tells on what capacity they run. */
  cluster: string;
  taskDefinition: string;
  subnets: string[];
  securityGroups: string[];
  /** Recordings that one task holds. */
  slotsPerTask: number;
  /** Most tasks to start in one call. */
  maxTasks: number;
  /** How many recordings are not finished, with and without a recorder. */
  countOpen(): Promise<number>;
  /** Of whoever counts and starts tasks: two at once would both start what is missing. */
  turn: Turn;
}

/**
 * Recorder capacity by Fargate tasks. It compares the slots of all tasks, also of those on their way, with all open
 * recordings: a task that has free slots takes the waiting ones by itself. One caller at a time counts and starts; for the
 * others there is nothing to do. Tasks that ECS refuses are logged with its reason, and missed again at the next call.
 */
export function ecsLauncher(options: EcsLauncherOptions): RecorderLauncher {
  const { client, logger, cluster, slotsPerTask, turn } = options;

  async function countTasks(): Promise<number> {
    const { ListTasksCommand } = await import("@aws-sdk/client-ecs");
    const ecs = await client();
    let count = 0;
    let nextToken: string | undefined;
    do {
      // The desired status of a task is RUNNING from its start request on.
      const page = await ecs.send(new ListTasksCommand({ cluster, desiredStatus: "RUNNING", nextToken }));
      count += page.taskArns?.length ?? 0;
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return count;
  }

  async function start(count: number): Promise<boolean> {
    const { RunTaskCommand } = await import("@aws-sdk/client-ecs");
    const ecs = await client();
    const { tasks = [], failures = [] } = await ecs.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: options.taskDefinition,
        // No launchType: it would set the cluster's default aside, which tells how much is on Fargate Spot.
        count,
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: options.subnets,
            securityGroups: options.securityGroups,
            // The subnets are public and have no NAT.
            assignPublicIp: "ENABLED",
          },
        },
      }),
    );
    logger.info("recorder_tasks_started", { asked: count, started: tasks.length });
    if (failures.length === 0) return true;
    logger.error("recorder_tasks_refused", {
      reasons: [...new Set(failures.map(({ reason }) => reason ?? "unknown"))],
    });
    return false;
  }

  /** @returns whether tasks may have been started that ECS does not list yet */
  async function startMissing(waiting: number): Promise<boolean> {
    const [open, tasks] = await Promise.all([options.countOpen(), countTasks()]);
    const missing = Math.min(Math.ceil(Math.max(open, waiting) / slotsPerTask) - tasks, options.maxTasks);
    let asked = 0;
    try {
      for (; asked < missing; asked += TASKS_PER_CALL) {
        if (!await start(Math.min(missing - asked, TASKS_PER_CALL))) break;
      }
    } catch (error) {
      logger.error("recorder_tasks_not_started", { waiting, error });
      // Of a caller's fault, such as a missing right, ECS starts nothing; of any other it is not known.
      if (asked === 0 && error instanceof Error && "$fault" in error && error.$fault === "client") return false;
    }
    return missing > 0;
  }

  return {
    async ensureCapacity(waiting) {
      if (waiting === 0) return;
      try {
        if (!await turn.take(TURN_MS)) return;
        let asked = false;
        try {
          asked = await startMissing(waiting);
        } finally {
          await turn.leave(asked ? LISTED_MS : 0);
        }
      } catch (error) {
        logger.error("recorder_tasks_not_counted", { waiting, error });
      }
    },
  };
}
