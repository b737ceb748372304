import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as s3 from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

/** Options of {@link BlobBucket}. */
export interface BlobBucketProps {
  /** Whether the bucket outlives the stack. */
  readonly retain: boolean;
  /** Origins of pages that may read what they have a signed address of: the console plays videos so. */
  readonly readers: readonly string[];
}

/** Private, encrypted bucket for segments, playlists and events files. */
export class BlobBucket extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: BlobBucketProps) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, "Bucket", {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      cors: [{
        allowedMethods: [s3.HttpMethods.GET, s3.HttpMethods.HEAD],
        allowedOrigins: [...props.readers],
        allowedHeaders: ["range"],
        exposedHeaders: ["content-length", "content-range", "etag"],
        maxAge: 3_600,
      }],
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(2) }],
      removalPolicy: props.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
