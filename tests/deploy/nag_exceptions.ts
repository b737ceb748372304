/**
 * What cdk-nag's AwsSolutions rules say against the stacks, and why it stays so. A rule is left out for the resources
 * named here only; one that nothing breaks any more is a fault of this list.
 * @module
 */

/** A rule that some resources break on purpose. */
export interface NagException {
  rule: string;
  /** Matches the paths of those resources, without the stage. */
  resources: RegExp;
  why: string;
  /** @default every stage */
  stage?: string;
}

export const NAG_EXCEPTIONS: readonly NagException[] = [
  {
    rule: "AwsSolutions-DDB3",
    resources: /^Data\/(State|Events)\/Table\//,
    why: "The data of dev may be lost: its tables go with their stack.",
    stage: "dev",
  },
  {
    rule: "AwsSolutions-S1",
    resources: /^Data\/Blobs\/Bucket\//,
    why:
      "The bucket is private; two roles reach it, and only under recordings/. Access logs would want a second bucket " +
      "and cost more than the idle system; who needs them turns on CloudTrail's data events for the account.",
  },
  {
    rule: "AwsSolutions-VPC7",
    resources: /^Recorder\/Recorders\/Vpc\//,
    why:
      "Nothing can connect in, and recorders stream gigabytes out of public hosts: flow logs would be charged for each " +
      "connection and show no more than the recorders' own log.",
  },
  {
    rule: "AwsSolutions-ECS4",
    resources: /^Recorder\/Recorders\/Cluster\//,
    why: "Recorders write their own metrics; Container Insights charges for some twenty more of each task.",
  },
  {
    rule: "AwsSolutions-ECS2",
    resources: /^Recorder\/Recorders\/Task\//,
    why: "The variables are settings; secrets are in them by the name of a parameter only, and a test compares the " +
      "variables with the process's config schema.",
  },
  {
    rule: "AwsSolutions-IAM5[Resource::*]",
    resources:
      /^(Recorder\/Recorders\/Task\/ExecutionRole|Poller\/Poller|Api\/(Links|UserInfo|Followings|System)|Consumer\/Consumer)\//,
    why:
      "Calls that take no resource: ecr:GetAuthorizationToken, ecs:ListTasks (held to the cluster by a condition), " +
      "dynamodb:ListStreams, and X-Ray's two. A test lists them.",
  },
  {
    rule: "AwsSolutions-IAM5[Resource::DATA/recordings/*]",
    resources: /^(Recorder\/Recorders\/Task\/TaskRole|Api\/System|Consumer\/Retention)\//,
    why: "Objects of the bucket are named by what is recorded; the prefix is the limit.",
  },
  {
    rule: "AwsSolutions-IAM5[Resource::TASK:*]",
    resources: /^(Poller\/Poller|Api\/System)\//,
    why: "Revisions of the one task definition: naming one would tie the stacks to each other's releases.",
  },
  {
    rule: "AwsSolutions-IAM5[Resource::<FUNCTION.Arn>:*]",
    resources: /^(Poller|Consumer)\/SchedulerRoleForTarget/,
    why: "Versions of the one function that a schedule calls; CDK writes it.",
  },
  {
    rule: "AwsSolutions-SQS3",
    resources: /^(Poller\/MissedTicks|Consumer\/MissedCalls|Consumer\/Stream\/Failures)\//,
    why: "They are the queues for what failed: what lies there waits for a person, and an alarm calls one.",
  },
  {
    rule: "AwsSolutions-APIG4",
    resources: /^Api\/Api\/Api\//,
    why: "Callers show an API key with scopes and a rate limit, which the functions check as the same code does " +
      "everywhere (docs/decisions.md); /health and /openapi.json are open.",
  },
];
