/**
 * Settings of every process: one schema each, with defaults. A setting `tableName` is read from `ROOMTONE_TABLE_NAME`.
 * Secrets come as names to look up, never as values, but where the process is the operator's own.
 * @module
 */
import * as v from "valibot";
import { AlertsSetting } from "./alerts.ts";
import { RetentionSetting } from "./retention.ts";

/** A whole number in text or as a number. */
const integer = (least: number, most: number) =>
  v.pipe(
    v.union([
      v.number(),
      v.pipe(v.string(), v.trim(), v.regex(/^\d+$/, "must be a whole number"), v.transform(Number)),
    ]),
    v.integer("must be a whole number"),
    v.minValue(least, `must be at least ${least}`),
    v.maxValue(most, `must be at most ${most}`),
  );

/** A part of one, such as 0.2. */
const fraction = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.trim(), v.regex(/^\d*\.?\d+$/, "must be a number"), v.transform(Number))]),
  v.minValue(0, "must be at least 0"),
  v.maxValue(1, "must be at most 1"),
);

const flag = v.union([
  v.pipe(v.picklist(["true", "false"], "must be true or false"), v.transform((text) => text === "true")),
  v.boolean(),
]);
const text = v.pipe(v.string(), v.trim(), v.nonEmpty("must not be empty"));
const list = v.union([
  v.array(v.string()),
  v.pipe(text, v.transform((value) => value.split(",").map((s) => s.trim()))),
]);
const url = (...protocols: string[]) =>
  v.pipe(
    text,
    v.check(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(" or ")}`,
    ),
    v.transform((value) => value.replace(/\/+$/, "")),
  );

const origins = v.pipe(
  list,
  v.everyItem(
    (value) => URL.canParse(value) && new URL(value).origin === value,
    "must be origins such as https://app.example, without a path",
  ),
);

/** Where TikTok is: its own hosts, or a stand-in; and how often it may be asked. */
const tiktok = {
  /** TikTok's pages. */
  tiktokWebUrl: v.optional(url("https:", "http:"), "https://www.tiktok.com"),
  /** TikTok's calls about lives. */
  tiktokWebcastUrl: v.optional(url("https:", "http:"), "https://webcast.tiktok.com"),
  /** TikTok's live socket. */
  tiktokSocketUrl: v.optional(url("wss:", "ws:"), "wss://webcast-ws.tiktok.com"),
  /** Where a guest's cookie comes from. */
  tiktokTtwidUrl: v.optional(url("https:", "http:"), "https://ttwid.bytedance.com"),
  /** Requests that the process sends to TikTok in a minute, whatever they are for. */
  tiktokRequestsPerMinute: v.optional(integer(1, 600_000), 300),
  /** Requests that may go out at once after a rest. */
  tiktokRequestBurst: v.optional(integer(1, 10_000), 100),
};

/** Who the client of TikTok is: for a process whose environment is its operator's own. */
const identity = {
  /** A `Cookie` header with the operator's session; it goes to TikTok alone. */
  tiktokCookies: v.optional(text),
  /** Key for Euler Stream, which then signs requests. */
  eulerKey: v.optional(text),
  /** Another host of Euler Stream. */
  eulerUrl: v.optional(url("https:", "http:")),
  /** Take messages for rooms; they are sent with the session and the signer. */
  sendMessages: v.optional(flag, false),
  /** Hosts that may serve streams beside TikTok's own. */
  mediaHosts: v.optional(list, []),
};

/** Who the client of TikTok is, on AWS: the secrets are where the environment's reader cannot see them. */
const namedIdentity = {
  /**
   * Name of the Systems Manager parameter (SecureString) with `{"proxy": "...", "tiktokCookies": "...", "eulerKey": "..."}`,
   * any of them. Without the parameter nobody is logged in, nobody signs, and there is no proxy.
   */
  identityParameter: v.optional(text),
  eulerUrl: identity.eulerUrl,
};

/** How often names are checked. */
const polling = {
  /** Usual time from one check of a name to the next. */
  pollIntervalMs: v.optional(integer(50, 86_400_000), 60_000),
  /** Least time, for names that matter much or are likely to go live. */
  pollMinIntervalMs: v.optional(integer(50, 86_400_000), 15_000),
  /** Greatest time, for names that sleep or give no answers. */
  pollMaxIntervalMs: v.optional(integer(50, 86_400_000), 1_800_000),
  /** Largest part of the interval that chance adds or takes. */
  pollJitter: v.optional(fraction, 0.2),
  /** How long a poller may hold a claimed name. */
  pollLeaseMs: v.optional(integer(1_000, 600_000), 60_000),
};

/** How recorders work. */
const recording = {
  /** Lives that one process records at the same time. */
  recorderSlots: v.optional(integer(0, 1_000), 8),
  /**
   * How long a recorder holds a recording without a sign of life. It is renewed each third of the time, so two thirds must
   * be more than recorders' clocks may differ.
   */
  leaseMs: v.optional(integer(1_000, 600_000), 60_000),
  /** How often idle slots look for recordings. */
  claimIntervalMs: v.optional(integer(50, 60_000), 1_000),
  /** Events are stored after this time, or when {@link flushEvents} have gathered. */
  flushMs: v.optional(integer(50, 60_000), 2_000),
  /** Events that are stored at once when so many have gathered. */
  flushEvents: v.optional(integer(1, 10_000), 200),
  /** Most events of a recording that wait for the store, on the disk; the oldest of more are given up. */
  spoolEvents: v.optional(integer(1_000, 100_000_000), 1_000_000),
  /** Days after which the store may delete events, up to a day later, kept recordings' too; without it they stay. */
  eventTtlDays: v.optional(integer(1, 36_500)),
  /** A segment ends at the first keyframe behind this. */
  segmentMs: v.optional(integer(500, 60_000), 6_000),
  /** A segment that has grown to this ends, keyframe or not; ffmpeg knows no such limit. */
  segmentMaxBytes: v.optional(integer(1024 * 1024, 1024 * 1024 * 1024), 64 * 1024 * 1024),
  /** A stream that is silent for this long is opened anew. */
  stallTimeoutMs: v.optional(integer(500, 600_000), 15_000),
  /** Also make one MP4 file at the end. */
  mp4: v.optional(flag, false),
  /** What writes the segments: this process, or an ffmpeg for each recording. */
  engine: v.optional(v.picklist(["inprocess", "ffmpeg"]), "inprocess"),
  /** While the disk has less room than this, pictures and sound wait; 0 leaves it to the disk. */
  minFreeBytes: v.optional(integer(0, Number.MAX_SAFE_INTEGER), 256 * 1024 * 1024),
  /** Media time from one thumbnail to the next, ms; 0: none are made. */
  thumbnailEveryMs: v.optional(integer(0, 86_400_000), 60_000),
  /** Path of ffmpeg, when it is not on PATH. */
  ffmpeg: v.optional(text),
};

/** How long recordings are kept. */
const retention = {
  /** JSON: days by default and by host, see {@link RetentionPolicy}. Without it everything is kept. */
  retention: v.optional(RetentionSetting, "{}"),
  /** How often what is too old is deleted. */
  retentionIntervalMs: v.optional(integer(1_000, 86_400_000), 3_600_000),
};

/** Who is told what: the same for all processes, since those that raise alerts need to know what somebody wants. */
const alerting = {
  /** JSON: see {@link AlertsPolicy}. Without it nobody is told anything. */
  alerts: v.optional(AlertsSetting, "{}"),
};

/** How the canary looks at TikTok's protocol. */
const canary = {
  /** Names that are often live, for it to look at; hosts that are being recorded come after them. */
  canaryHosts: v.optional(list, []),
  /** Longest time that it listens to a live. */
  canaryListenMs: v.optional(integer(0, 120_000), 20_000),
};

/** The DynamoDB table. Region and credentials come the way the AWS SDK reads them. */
const table = {
  /** Name of the state table. */
  tableName: text,
  /** Another endpoint, such as DynamoDB Local. */
  dynamodbUrl: v.optional(url("https:", "http:")),
};

/** A process that needs the table and no more, such as `roomtone key`. */
export const TableConfig = v.object({ ...table });

/** Settings of a {@link TableConfig} process. */
export type TableConfig = v.InferOutput<typeof TableConfig>;

/** Where recorder tasks are started, and how many. */
const launching = {
  /** Cluster that the recorder tasks run in. */
  ecsCluster: text,
  /** What a recorder task is made from. */
  ecsTaskDefinition: text,
  /** Networks that tasks are started in. */
  ecsSubnets: list,
  /** Firewall rules of tasks. */
  ecsSecurityGroups: list,
  /** Recordings that one task holds: its {@link RecorderTaskConfig} has the same number. */
  recorderSlots: recording.recorderSlots,
  /** Most tasks to start at once. */
  maxTasks: v.optional(integer(1, 1_000), 10),
};

/** The whole system in one process. */
export const LocalConfig = v.object({
  /** Address to listen on; others than loopback want keys. */
  host: v.optional(text, "127.0.0.1"),
  /** Port of the API and the console; 0 takes a free one. */
  port: v.optional(integer(0, 65_535), 3_000),
  /** Origins whose pages may call the API, such as `https://app.example`. */
  corsOrigins: v.optional(origins, []),
  /** Believe `x-forwarded-for`, for the log: only where a proxy of one's own writes it. */
  trustForwarded: v.optional(flag, false),
  /** Folder of the database and the recordings. */
  dataDir: v.optional(text, "roomtone-data"),
  /** Folder of the built console; without it, `/` answers with the list of routes only. */
  consoleDir: v.optional(text),
  /** How often the poller looks for due names. */
  pollTickMs: v.optional(integer(20, 600_000), 1_000),
  ...polling,
  ...recording,
  ...retention,
  ...alerting,
  /** How often the canary looks; 0: never. */
  canaryIntervalMs: v.optional(integer(0, 86_400_000), 3_600_000),
  ...canary,
  ...tiktok,
  ...identity,
});

/** Settings of the whole system in one process. */
export type LocalConfig = v.InferOutput<typeof LocalConfig>;

/** Lambda functions of links and user info. The table has the API keys. */
export const LookupConfig = v.object({ ...table, ...tiktok, ...namedIdentity, mediaHosts: identity.mediaHosts });

/** Settings of a {@link LookupConfig} process. */
export type LookupConfig = v.InferOutput<typeof LookupConfig>;

/** Lambda function of the lists of users. */
export const FollowingsConfig = v.object({ ...table, ...tiktok, ...namedIdentity });

/** Settings of a {@link FollowingsConfig} process. */
export type FollowingsConfig = v.InferOutput<typeof FollowingsConfig>;

/** Lambda function of every route but links, user info and lists of users. */
export const SystemConfig = v.object({
  ...table,
  ...tiktok,
  ...namedIdentity,
  ...launching,
  ...alerting,
  /** Bucket of the recordings' files. */
  bucketName: text,
  mediaHosts: identity.mediaHosts,
  sendMessages: identity.sendMessages,
  retention: retention.retention,
});

/** Settings of a {@link SystemConfig} process. */
export type SystemConfig = v.InferOutput<typeof SystemConfig>;

/** Lambda function that the poller's schedule starts. */
export const PollerConfig = v.object({
  ...table,
  ...alerting,
  ...tiktok,
  ...namedIdentity,
  ...polling,
  /** Time from one run to the next: names that come due before that are waited for. */
  pollScheduleMs: v.optional(integer(1_000, 86_400_000), 60_000),
  ...launching,
});

/** Settings of a {@link PollerConfig} process. */
export type PollerConfig = v.InferOutput<typeof PollerConfig>;

/** Lambda function that deletes what is too old, once a day. */
export const RetentionConfig = v.object({ ...table, bucketName: text, retention: retention.retention });

/** Settings of a {@link RetentionConfig} process. */
export type RetentionConfig = v.InferOutput<typeof RetentionConfig>;

/** Lambda function on the table's stream. */
export const ConsumerConfig = v.object({ ...table, ...alerting });

/** Lambda function that delivers alerts. */
export const AlertsConfig = v.object({ ...table, ...alerting });

/** Lambda function that looks at TikTok's protocol. */
export const CanaryConfig = v.object({
  ...table,
  ...tiktok,
  ...namedIdentity,
  mediaHosts: identity.mediaHosts,
  ...canary,
});

/** Settings of a {@link CanaryConfig} process. */
export type CanaryConfig = v.InferOutput<typeof CanaryConfig>;

/** Fargate task that records. */
export const RecorderTaskConfig = v.object({
  ...table,
  ...alerting,
  ...tiktok,
  ...namedIdentity,
  mediaHosts: identity.mediaHosts,
  ...recording,
  /** Bucket that the recordings' files go to. */
  bucketName: text,
  /** Folder of the recordings until they are in the bucket. */
  dataDir: v.optional(text, "/data"),
  /** The task leaves after this time without a recording. */
  idleExitMs: v.optional(integer(1_000, 86_400_000), 600_000),
});

/** Settings of a {@link RecorderTaskConfig} process. */
export type RecorderTaskConfig = v.InferOutput<typeof RecorderTaskConfig>;

/** A schema of settings: an object of named entries. */
export type ConfigSchema = v.ObjectSchema<v.ObjectEntries, undefined>;

/** Name of the environment variable of a setting: `tableName` is `ROOMTONE_TABLE_NAME`. */
export function envName(setting: string): string {
  return `ROOMTONE_${setting.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase()}`;
}

/** Names of the environment variables that a process reads. */
export function envNames(schema: ConfigSchema): string[] {
  return Object.keys(schema.entries).map(envName);
}

/**
 * Reads the settings of a process. Call it once, where the process starts. An empty variable counts as not set.
 * @param schema such as {@link LocalConfig}
 * @param env environment variables
 * @returns the settings, with defaults
 * @throws TypeError that lists every bad variable
 */
export function loadConfig<S extends ConfigSchema>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): v.InferOutput<S> {
  const input: Record<string, string> = {};
  for (const setting of Object.keys(schema.entries)) {
    const value = env[envName(setting)];
    if (value !== undefined && value.trim() !== "") input[setting] = value;
  }
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const faults = result.issues.map((issue) => {
    const setting = String(issue.path?.[0].key ?? "");
    const problem = setting in input ? deepest(issue) : "is missing";
    return `${envName(setting)} ${problem}`;
  });
  throw new TypeError(`Cannot start with these settings: ${faults.join("; ")}`);
}

/** The most telling message of an issue: that of the alternative which got furthest. */
function deepest(issue: v.BaseIssue<unknown>): string {
  const inner = issue.issues?.find((each) => each.kind === "validation") ?? issue.issues?.[0];
  return inner === undefined ? issue.message : deepest(inner);
}
