/**
 * Alerts: what is told, in which words, and who is told.
 * @module
 */
import * as v from "valibot";
import { json } from "./json_setting.ts";
import { isLoopbackName } from "./loopback_name.ts";

/**
 * `live_started`: a watched host is live, or a recording was started by hand. `live_ended`: the live that was recorded is
 * over. `gift_over`: somebody gave at least so many diamonds at once, or in one streak. `recording_failed`: a recording
 * was given up.
 */
export const ALERT_KINDS = ["live_started", "live_ended", "gift_over", "recording_failed"] as const;

/** A kind of {@link ALERT_KINDS}. */
export type AlertKind = (typeof ALERT_KINDS)[number];

/** `dead`: given up after many tries; it can be sent again. */
export const ALERT_STATES = ["pending", "delivered", "dead"] as const;

/** Where an alert is on its way to its targets. */
export type AlertState = (typeof ALERT_STATES)[number];

/** Version of {@link AlertBody}. It changes when a receiver that knew the fields could be misled, not for new fields. */
export const ALERT_VERSION = 1;

/** What targets get: the body of a webhook, and the message of a topic. */
export interface AlertBody {
  version: typeof ALERT_VERSION;
  /** Names the alert: the same in every try, and to every target. */
  id: string;
  kind: AlertKind;
  /** When it happened, ms since 1970. */
  at: number;
  /** The host. */
  username: string;
  /** The recording, which has the id of its room. */
  recording_id: string;
  /** What only this kind tells. */
  data: Record<string, unknown>;
}

const host = v.pipe(v.string(), v.regex(/^[a-z0-9._]{1,64}$/, "must have names in lower case, without @"));

const common = {
  /** Names the target in logs and answers, which never show its address. */
  name: v.pipe(v.string(), v.regex(/^[a-z0-9_-]{1,40}$/, "must be 1 to 40 of a-z, 0-9, _ and -")),
  /** What it is told. @default everything */
  kinds: v.optional(v.array(v.picklist(ALERT_KINDS, `must be of ${ALERT_KINDS.join(", ")}`)), [...ALERT_KINDS]),
  /** Normalised names of the hosts that it is told about. @default all */
  hosts: v.optional(v.array(host)),
};

const Webhook = v.strictObject({
  ...common,
  /** Address that is sent a POST: https, or http on this machine where {@link AlertsPolicy} allows it. */
  url: v.pipe(
    v.string(),
    v.check((text) => isWebhookUrl(text), "must be an https:// URL without a user and without a fragment"),
  ),
  /** Name of the environment variable, or of the Systems Manager parameter (SecureString), that holds the secret. */
  secretEnv: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, "must name an environment variable"))),
  secretParameter: v.optional(v.pipe(v.string(), v.regex(/^[\w./-]{1,1011}$/, "must name a parameter"))),
});

const Topic = v.strictObject({
  ...common,
  /** ARN of an SNS topic; one that ends in `.fifo` is taken for a FIFO topic. */
  topicArn: v.pipe(v.string(), v.regex(/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+$/, "must be the ARN of an SNS topic")),
});

/** A target that is sent signed requests. */
export type WebhookTarget = v.InferOutput<typeof Webhook>;

/** A target that is an SNS topic. */
export type TopicTarget = v.InferOutput<typeof Topic>;

/** Who is told what. */
export const AlertsPolicy = v.strictObject({
  /** Least diamonds of a gift, or of a streak, that is told. */
  giftDiamonds: v.optional(
    v.pipe(v.number(), v.integer("must be a whole number"), v.minValue(1, "must be at least 1")),
    1_000,
  ),
  /** Whether webhooks may be on this machine, then also by http: for receivers beside a local system, and for tests. */
  allowLoopback: v.optional(v.boolean(), false),
  targets: v.optional(
    v.pipe(
      v.array(v.union([Webhook, Topic], "must have a name, and either url and a secret, or topicArn")),
      v.check((all) => new Set(all.map(({ name }) => name)).size === all.length, "must have different names"),
      v.check(
        (all) => all.every((each) => !("url" in each) || (each.secretEnv === undefined) !== !each.secretParameter),
        "must have secretEnv or secretParameter beside each url",
      ),
    ),
    [],
  ),
});

/** Who is told what. */
export type AlertsPolicy = v.InferOutput<typeof AlertsPolicy>;

/**
 * An {@link AlertsPolicy} as a setting, such as
 * `{"targets":[{"name":"ops","url":"https://hooks.example/live","secretEnv":"OPS_SECRET"}]}`.
 */
export const AlertsSetting = v.pipe(
  json,
  v.check((value) => !Array.isArray(value), "must be an object"),
  AlertsPolicy,
  v.check(
    ({ targets, allowLoopback }) =>
      allowLoopback || targets.every((each) => !("url" in each) || each.url.startsWith("https:")),
    "must have https:// URLs only, unless allowLoopback is true",
  ),
);

/** http is for this machine alone. */
function isWebhookUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopbackName(url.hostname));
}
