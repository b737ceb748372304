/**
 * What a deployment must know about the functions: the shape of the table, the routes, the settings of each process.
 * @module
 */
export { RECORDINGS_PREFIX } from "./adapters/aws/s3_files.ts";
export {
  CONSUMED_RECORDS,
  EVENTS_TABLE,
  eventsTableName,
  type KeyAttribute,
  TABLE,
  type TableShape,
} from "./adapters/aws/table.ts";
export { AlertsPolicy } from "./contract/alerts.ts";
export {
  AlertsConfig,
  CanaryConfig,
  type ConfigSchema,
  ConsumerConfig,
  envNames,
  FollowingsConfig,
  LookupConfig,
  PollerConfig,
  RecorderTaskConfig,
  RetentionConfig,
  SystemConfig,
} from "./contract/config.ts";
export { RetentionPolicy } from "./contract/retention.ts";
export { environment } from "./contract/environment.ts";
export { ALL_SHARDS, ANSWER_PREFIX, KEY_PREFIX } from "./contract/keys.ts";
export { PAGE_PATHS, ROUTE_GROUPS, type RouteGroup } from "./entry/aws/route_groups.ts";
