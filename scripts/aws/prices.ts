/**
 * AWS's list prices that `bun run cost` counts with. Look them up again before believing a bill to the cent: change the
 * numbers and the date together.
 * @module
 */

/** Day on which the prices were looked up. */
export const PRICED_ON = "2026-11-21";
/** Region whose prices they are; others are up to a third dearer. */
export const PRICED_REGION = "us-east-1";

/** A price, and where it stands. */
export interface Price {
  readonly usd: number;
  /** What it is for. */
  readonly per: string;
  readonly source: string;
}

/** US dollars, without any free tier but the dashboards of each account. */
export const PRICES = {
  lambdaCall: { usd: 0.20, per: "million calls of a function", source: "https://aws.amazon.com/lambda/pricing/" },
  lambdaGbSecond: { usd: 0.000_013_333_4, per: "GB-second on arm64", source: "https://aws.amazon.com/lambda/pricing/" },
  schedule: { usd: 1, per: "million calls by a schedule", source: "https://aws.amazon.com/eventbridge/pricing/" },
  apiCall: { usd: 1, per: "million calls of an HTTP API", source: "https://aws.amazon.com/api-gateway/pricing/" },
  writeUnit: {
    usd: 0.625,
    per: "million write request units",
    source: "https://aws.amazon.com/dynamodb/pricing/on-demand/",
  },
  readUnit: {
    usd: 0.125,
    per: "million read request units",
    source: "https://aws.amazon.com/dynamodb/pricing/on-demand/",
  },
  alarm: { usd: 0.10, per: "alarm metric and month", source: "https://aws.amazon.com/cloudwatch/pricing/" },
  metric: { usd: 0.30, per: "custom metric and month", source: "https://aws.amazon.com/cloudwatch/pricing/" },
  dashboard: { usd: 3, per: "dashboard and month", source: "https://aws.amazon.com/cloudwatch/pricing/" },
  logGb: { usd: 0.50, per: "GB of log taken in", source: "https://aws.amazon.com/cloudwatch/pricing/" },
  fargateCpuHour: { usd: 0.032_38, per: "vCPU and hour on ARM", source: "https://aws.amazon.com/fargate/pricing/" },
  fargateGbHour: {
    usd: 0.003_56,
    per: "GB of memory and hour on ARM",
    source: "https://aws.amazon.com/fargate/pricing/",
  },
  fargateDiskGbHour: {
    usd: 0.000_111,
    per: "GB of disk above 20 and hour",
    source: "https://aws.amazon.com/fargate/pricing/",
  },
  publicAddressHour: { usd: 0.005, per: "public IPv4 address and hour", source: "https://aws.amazon.com/vpc/pricing/" },
  s3Put: { usd: 5, per: "million PUT requests", source: "https://aws.amazon.com/s3/pricing/" },
  s3GbMonth: { usd: 0.023, per: "GB stored and month", source: "https://aws.amazon.com/s3/pricing/" },
  xrayTrace: { usd: 5, per: "million traces recorded", source: "https://aws.amazon.com/xray/pricing/" },
} as const satisfies Record<string, Price>;

/** Name of a price. */
export type PriceName = keyof typeof PRICES;
