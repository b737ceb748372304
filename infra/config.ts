/**
 * Settings of each stage, in one place: change them here, then deploy. `dev` and `prod` are presets.
 * @module
 */
import { AlertsPolicy, RetentionPolicy, type RouteGroup } from "@roomtone/functions/deploy";
import * as v from "valibot";

const text = v.pipe(v.string(), v.nonEmpty("must not be empty"));
const whole = (least: number, most: number) =>
  v.pipe(
    v.number("must be a number"),
    v.integer("must be a whole number"),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  );
const secretName = v.pipe(
  v.string(),
  v.regex(/^\/[\w.-]+(\/[\w.-]+)*$/, "must be the name of a Systems Manager parameter, such as /roomtone/dev/identity"),
);

/** Memory that Fargate has for so many CPU units, MiB: from, to, and the step between. */
const FARGATE_MEMORY: Readonly<Record<number, readonly [least: number, most: number, step: number]>> = {
  256: [512, 2_048, 512],
  512: [1_024, 4_096, 1_024],
  1_024: [2_048, 8_192, 1_024],
  2_048: [4_096, 16_384, 1_024],
  4_096: [8_192, 30_720, 1_024],
};
/** What a recorder needs for itself, and for each recording: bench "recorders" in tests/bench, with room to spare. */
const TASK_MEMORY_MIB = 256;
const SLOT_MEMORY_MIB = 32;
const SLOT_CPU_UNITS = 16;

const Recorder = v.pipe(
  v.strictObject({
    /** Fargate CPU units; 1024 is one core. */
    cpu: v.picklist([256, 512, 1_024, 2_048, 4_096], "must be 256, 512, 1024, 2048 or 4096 CPU units"),
    memoryMiB: whole(512, 30_720),
    /** Disk of a task for the recordings that it has open, GiB. */
    diskGiB: whole(21, 200),
    /** Recordings that one task holds. */
    slots: whole(1, 1_000),
    /** Most tasks that one run of the poller starts. */
    maxTasks: whole(1, 1_000),
    /** Part of the tasks that run on spare capacity (Fargate Spot), percent: cheaper, and taken away on short notice. */
    spotPercent: whole(0, 100),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { cpu, memoryMiB, slots } = dataset.value;
    const [least, most, step] = FARGATE_MEMORY[cpu] ?? [0, 0, 1];
    if (memoryMiB < least || memoryMiB > most || (memoryMiB - least) % step !== 0) {
      addIssue({ message: `memoryMiB must be ${least} to ${most} in steps of ${step} for ${cpu} CPU units` });
    }
    const memory = TASK_MEMORY_MIB + slots * SLOT_MEMORY_MIB;
    if (memoryMiB < memory) addIssue({ message: `memoryMiB is too small: ${slots} slots need at least ${memory}` });
    if (cpu < slots * SLOT_CPU_UNITS) {
      addIssue({ message: `cpu is too small: ${slots} slots need at least ${slots * SLOT_CPU_UNITS}` });
    }
  }),
);

/**
 * Who asks TikTok, by process: names of Systems Manager parameters (SecureString) with
 * `{"proxy": "...", "tiktokCookies": "...", "eulerKey": "..."}`, any of them. Whoever deploys writes them, which
 * CloudFormation cannot; one that is not there is a guest without a proxy. Addresses of data centres are often refused:
 * then a proxy of one's own is what helps.
 */
const Identities = v.strictObject({
  /** Checks the watchlist. */
  poller: secretName,
  /** Listens to lives and fetches streams. */
  recorder: secretName,
  /** Links and profiles, for the callers of the API. */
  lookups: secretName,
  /** Lists of followings and messages: what wants the operator's session. */
  operator: secretName,
});

/** Characters of a policy: the variables of a Lambda function hold 4 KB in all. */
const MOST_POLICY = 2_500;
const short = <T>() =>
  v.check<T, string>(
    (policy) => JSON.stringify(policy).length <= MOST_POLICY,
    `must be at most ${MOST_POLICY} characters as JSON: a function's variables hold no more`,
  );

const Stage = v.strictObject({
  /** Part of every name. */
  stage: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9]{0,11}$/, "must be 1 to 12 small letters and digits")),
  /** The one account that this stage may be deployed into; prod names it. */
  account: v.optional(v.pipe(v.string(), v.regex(/^\d{12}$/, "must be the 12 digits of an AWS account"))),
  region: v.pipe(v.string(), v.regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be a region such as eu-west-1")),
  /** Whether tables and bucket outlive their stack, guarded against deletion, with a way back to each second. */
  retainData: v.boolean(),
  /** Minutes from one run of the poller to the next; also how often a name is checked. */
  pollMinutes: v.pipe(
    v.number(),
    v.check((value) => value >= 1, "is under a minute: the scheduler's shortest time is 1"),
    v.integer("must be a whole number of minutes"),
    v.maxValue(60, "must be at most 60"),
  ),
  /** Schedules that the shards of the watchlist and the request budget are dealt out to; each is a run of its own. */
  pollSchedules: whole(1, 9),
  /** Calls a second that the API takes. */
  requestsPerSecond: whole(1, 10_000),
  /**
   * Calls that each function of the API may hold at once; as many are set aside for it. One that is left out takes what
   * is free. The account must keep 100 for all else, so that a new account, with 10, can set none aside.
   */
  reservedConcurrency: v.strictObject(
    {
      links: v.optional(whole(1, 1_000)),
      user_info: v.optional(whole(1, 1_000)),
      followings: v.optional(whole(1, 1_000)),
      system: v.optional(whole(1, 1_000)),
    } satisfies Record<RouteGroup, unknown>,
  ),
  /** SNS topic that is told of alarms; without one they only show in CloudWatch. */
  alarmTopicArn: v.optional(
    v.pipe(v.string(), v.regex(/^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+$/, "must be the ARN of an SNS topic")),
  ),
  /** US dollars a month above which AWS sends mail to {@link budgetEmails}; also at 80 %, and when it is foreseen. */
  budgetUsd: whole(1, 1_000_000),
  budgetEmails: v.array(v.pipe(v.string(), v.email("must be e-mail addresses"))),
  /** The API's own name, with its certificate of the same region; without it, the name that AWS gives. */
  domain: v.optional(v.strictObject({
    name: v.pipe(v.string(), v.regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/, "must be a name such as api.example.com")),
    certificateArn: v.pipe(
      v.string(),
      v.regex(/^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/, "must be the ARN of an ACM certificate"),
    ),
  })),
  /** Origins whose pages may call the API, such as `https://app.example`. */
  corsOrigins: v.array(v.pipe(
    v.string(),
    v.check((value) => URL.canParse(value) && new URL(value).origin === value, "must be origins, without a path"),
  )),
  /** Requests that each process sends to TikTok in a minute, and at once after a rest. */
  tiktokRequestsPerMinute: whole(1, 600_000),
  tiktokRequestBurst: whole(1, 10_000),
  /** Hosts that may serve streams beside TikTok's own. */
  mediaHosts: v.array(text),
  /** Whether the API sends messages into rooms, as the operator. */
  sendMessages: v.boolean(),
  /** Names that are often live: the canary looks at TikTok's protocol by them, each hour. */
  canaryHosts: v.array(v.pipe(v.string(), v.regex(/^[a-z0-9._]{1,64}$/, "must be names in lower case, without @"))),
  /** Who is told when a live starts or ends, of great gifts and of failures; secrets by the name of a parameter. */
  alerts: v.pipe(AlertsPolicy, short()),
  /** How long recordings and their events are kept. */
  retention: v.pipe(RetentionPolicy, short()),
  identities: Identities,
  recorder: Recorder,
});

/** What differs between stages. */
export type StageConfig = v.InferOutput<typeof Stage>;

const identities = (stage: string) => ({
  poller: `/roomtone/${stage}/poller`,
  recorder: `/roomtone/${stage}/recorder`,
  lookups: `/roomtone/${stage}/lookups`,
  operator: `/roomtone/${stage}/identity`,
});

/** The presets. */
const STAGES: Readonly<Record<string, v.InferInput<typeof Stage>>> = {
  dev: {
    stage: "dev",
    region: "us-east-1",
    retainData: false,
    pollMinutes: 1,
    pollSchedules: 1,
    requestsPerSecond: 10,
    reservedConcurrency: {},
    budgetUsd: 20,
    budgetEmails: [],
    corsOrigins: [],
    tiktokRequestsPerMinute: 300,
    tiktokRequestBurst: 100,
    mediaHosts: [],
    sendMessages: false,
    canaryHosts: [],
    alerts: {},
    retention: {},
    identities: identities("dev"),
    recorder: { cpu: 512, memoryMiB: 1_024, diskGiB: 30, slots: 8, maxTasks: 2, spotPercent: 100 },
  },
  prod: {
    stage: "prod",
    region: "us-east-1",
    retainData: true,
    pollMinutes: 1,
    pollSchedules: 1,
    requestsPerSecond: 100,
    reservedConcurrency: { links: 50, user_info: 50, followings: 25, system: 50 },
    budgetUsd: 200,
    budgetEmails: [],
    corsOrigins: [],
    tiktokRequestsPerMinute: 300,
    tiktokRequestBurst: 100,
    mediaHosts: [],
    sendMessages: false,
    canaryHosts: [],
    alerts: {},
    retention: {},
    identities: identities("prod"),
    recorder: { cpu: 1_024, memoryMiB: 4_096, diskGiB: 100, slots: 25, maxTasks: 20, spotPercent: 50 },
  },
};

/** Names of the stages. */
export const STAGE_NAMES: readonly string[] = Object.keys(STAGES);

/**
 * Settings of a stage.
 * @param stage such as `dev` or `prod`
 * @throws RangeError for another name
 * @throws TypeError that names every fault of the settings
 */
export function stageConfig(stage: string): StageConfig {
  const config = Object.hasOwn(STAGES, stage) ? STAGES[stage] : undefined;
  if (config === undefined) {
    throw new RangeError(`Cannot deploy stage '${stage}': it must be one of ${STAGE_NAMES.join(", ")}`);
  }
  return checkStage(config);
}

/**
 * Checks the settings of a stage.
 * @throws TypeError that names every fault
 */
export function checkStage(settings: unknown): StageConfig {
  const result = v.safeParse(Stage, settings);
  if (result.success) return result.output;
  const faults = result.issues.map((issue) => {
    const path = v.getDotPath(issue);
    const missing = issue.kind === "schema" && issue.input === undefined;
    const unknown = issue.kind === "schema" && issue.expected === "never";
    const problem = missing ? "is missing" : unknown ? "is no setting" : issue.message;
    return path === null ? problem : `${path} ${problem}`;
  });
  throw new TypeError(`Cannot use the settings in infra/config.ts: ${faults.join("; ")}`);
}

/** Name of the stage's state table, which is what `ROOMTONE_TABLE_NAME` is set to; the events table's is made of it. */
export function tableName({ stage }: StageConfig): string {
  return `roomtone-${stage}`;
}
