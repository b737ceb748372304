import type { RouteGroup } from "@roomtone/functions/deploy";

/** What differs between stages. */
export interface StageConfig {
  /** Part of every name. */
  readonly stage: string;
  /** Whether table and bucket outlive the stack. */
  readonly retainData: boolean;
  /** Minutes from one run of the poller to the next; also how often a name is checked. */
  readonly pollMinutes: number;
  /** Calls a second that the API takes. */
  readonly requestsPerSecond: number;
  /**
   * Calls that each function of the API may hold at once; as many are set aside for it. One that is left out takes what
   * is free. The account must keep 100 for all else, so that a new account, with 10, can set none aside.
   */
  readonly reservedConcurrency: Readonly<Partial<Record<RouteGroup, number>>>;
  /** SNS topic that is told of alarms; `undefined` leaves them to the eyes of whoever looks. */
  readonly alarmTopicArn: string | undefined;
  /** Origins whose pages may call the API, such as `https://app.example`. */
  readonly corsOrigins: readonly string[];
  /** Requests that each process sends to TikTok in a minute, and at once after a rest. */
  readonly tiktokRequestsPerMinute: number;
  readonly tiktokRequestBurst: number;
  /** Hosts that may serve streams beside TikTok's own. */
  readonly mediaHosts: readonly string[];
  /** Whether the API sends messages into rooms, as the operator whose session the identity parameter holds. */
  readonly sendMessages: boolean;
  readonly recorder: {
    /** Fargate CPU units; 1024 is one core. */
    readonly cpu: number;
    readonly memoryMiB: number;
    /** Disk of a task for the recordings that it has open, GiB (21 to 200). */
    readonly diskGiB: number;
    /** Recordings that one task holds. */
    readonly slots: number;
    /** Most tasks that one run of the poller starts. */
    readonly maxTasks: number;
  };
}

const STAGES: Readonly<Record<string, StageConfig>> = {
  dev: {
    stage: "dev",
    retainData: false,
    pollMinutes: 1,
    requestsPerSecond: 10,
    reservedConcurrency: {},
    alarmTopicArn: undefined,
    corsOrigins: [],
    tiktokRequestsPerMinute: 300,
    tiktokRequestBurst: 100,
    mediaHosts: [],
    sendMessages: false,
    recorder: { cpu: 512, memoryMiB: 1024, diskGiB: 30, slots: 8, maxTasks: 2 },
  },
  prod: {
    stage: "prod",
    retainData: true,
    pollMinutes: 1,
    requestsPerSecond: 100,
    reservedConcurrency: { links: 50, user_info: 50, followings: 25, system: 50 },
    alarmTopicArn: undefined,
    corsOrigins: [],
    tiktokRequestsPerMinute: 300,
    tiktokRequestBurst: 100,
    mediaHosts: [],
    sendMessages: false,
    recorder: { cpu: 1024, memoryMiB: 4096, diskGiB: 100, slots: 25, maxTasks: 20 },
  },
};

/**
 * Name of the Systems Manager parameter with the operator's session and signer key. Whoever deploys writes it, as a
 * SecureString, which CloudFormation cannot; without it nobody is logged in.
 */
export function identityParameter({ stage }: StageConfig): string {
  return `/roomtone/${stage}/identity`;
}

/**
 * Settings of a stage.
 * @param stage `dev` or `prod`
 * @throws RangeError for another name
 */
export function stageConfig(stage: string): StageConfig {
  const config = Object.hasOwn(STAGES, stage) ? STAGES[stage] : undefined;
  if (config === undefined) {
    throw new RangeError(`Cannot deploy stage '${stage}': it must be one of ${Object.keys(STAGES).join(", ")}`);
  }
  return config;
}
