import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import type * as s3 from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { EVENTS_TABLE, eventsTableName, TABLE } from "@roomtone/functions/deploy";
import { type StageConfig, tableName } from "../config.ts";
import { BlobBucket } from "../constructs/blob_bucket.ts";
import { DataTable } from "../constructs/data_table.ts";

/** Options of {@link DataStack}. */
export interface DataStackProps extends StackProps {
  readonly config: StageConfig;
}

/**
 * All that holds anything: state table, events table, bucket. They are in a stack of their own, so that every other stack
 * can be deleted and made anew.
 */
export class DataStack extends Stack {
  readonly state: dynamodb.Table;
  readonly events: dynamodb.Table;
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, { config, ...props }: DataStackProps) {
    super(scope, id, { ...props, terminationProtection: config.retainData });
    const { retainData: retain } = config;
    const name = tableName(config);
    this.state = new DataTable(this, "State", { tableName: name, shape: TABLE, retain }).table;
    this.events = new DataTable(this, "Events", { tableName: eventsTableName(name), shape: EVENTS_TABLE, retain })
      .table;
    this.bucket = new BlobBucket(this, "Blobs", { retain, readers: pageOrigins(config) }).bucket;
    new CfnOutput(this, "BucketName", { value: this.bucket.bucketName });
  }
}

/**
 * Origins of the pages that show recordings: the API's own, by any name, and those that may call it. The API's address is
 * made by AWS after the bucket, so the bucket knows what all such addresses of the region have in common.
 */
function pageOrigins({ region, domain, corsOrigins }: StageConfig): string[] {
  const own = domain === undefined ? [] : [`https://${domain.name}`];
  return [`https://*.execute-api.${region}.amazonaws.com`, ...own, ...corsOrigins];
}
