/**
 * What moto's services say of resources, in the words of CloudFormation, so that it can be held against a template.
 * @module
 */
import { type Made, motoCall, motoForm, motoJson } from "./moto_stacks.ts";

type Found = Record<string, unknown>;

/** Services' own descriptions, by type of resource. */
const READERS: Record<string, (endpoint: string, made: Made) => Promise<Found>> = {
  "AWS::DynamoDB::Table": readTable,
  "AWS::S3::Bucket": readBucket,
  "AWS::SQS::Queue": readQueue,
  "AWS::IAM::Role": readRole,
  "AWS::IAM::Policy": readPolicy,
  "AWS::Lambda::Function": async (endpoint, { physicalId }) => {
    const path = `/2015-03-31/functions/${physicalId}`;
    const found = JSON.parse(await motoCall(endpoint, "lambda", { method: "GET", path })) as Record<string, Found>;
    return { ...found["Configuration"], ReservedConcurrentExecutions: found["Concurrency"] };
  },
  "AWS::Lambda::EventSourceMapping": async (endpoint, { physicalId }) => {
    const path = `/2015-03-31/event-source-mappings/${physicalId}`;
    const found = JSON.parse(await motoCall(endpoint, "lambda", { method: "GET", path })) as Found;
    return { ...found, FunctionName: String(found["FunctionArn"]).split(":").at(-1) };
  },
  "AWS::ECS::TaskDefinition": async (endpoint, { physicalId }) => {
    const target = "AmazonEC2ContainerServiceV20141113.DescribeTaskDefinition";
    const { taskDefinition } = await motoJson(endpoint, "ecs", target, { taskDefinition: physicalId });
    return taskDefinition as Found;
  },
};

/** Types of resources that can be held against their template. */
export const READ_TYPES = Object.keys(READERS);

/**
 * Names of the properties, of those that the template gives to a resource, that moto's service does not have so. Tags are
 * left out, and where a function's code comes from: its service does not tell.
 */
export async function propertiesNotFound(endpoint: string, made: Made): Promise<string[]> {
  const found = await READERS[made.type]?.(endpoint, made);
  if (found === undefined) return [];
  return Object.entries(made.properties)
    .filter(([name]) => name !== "Tags" && name !== "Code")
    .filter(([name, declared]) => !holds(valueOf(found, name), declared))
    .map(([name]) => name);
}

/** Services begin names with a small letter, or with a great one. */
function valueOf(found: Found, name: string): unknown {
  return found[name] ?? found[name.charAt(0).toLowerCase() + name.slice(1)];
}

/** Whether all that is declared is there. Lists are in any order; numbers and flags may be texts. */
function holds(found: unknown, declared: unknown): boolean {
  if (Array.isArray(declared)) {
    const list = Array.isArray(found) ? found : [found];
    return list.length === declared.length && declared.every((each) => list.some((other) => holds(other, each)));
  }
  if (typeof declared !== "object" || declared === null) return String(found) === String(declared);
  if (typeof found !== "object" || found === null) return false;
  return Object.entries(declared).every(([name, each]) => holds(valueOf(found as Found, name), each));
}

async function readTable(endpoint: string, { physicalId: TableName }: Made): Promise<Found> {
  const ask = (action: string) => motoJson(endpoint, "dynamodb", `DynamoDB_20120810.${action}`, { TableName });
  const { Table } = await ask("DescribeTable") as { Table: Found };
  const { TimeToLiveDescription: ttl } = await ask("DescribeTimeToLive") as { TimeToLiveDescription: Found };
  const { ContinuousBackupsDescription: backups } = await ask("DescribeContinuousBackups") as {
    ContinuousBackupsDescription: { PointInTimeRecoveryDescription: Found };
  };
  const recovery = backups.PointInTimeRecoveryDescription["PointInTimeRecoveryStatus"];
  return {
    ...Table,
    // A table that is encrypted with the key that AWS owns has no such description.
    SSESpecification: { SSEEnabled: Table["SSEDescription"] !== undefined },
    BillingMode: (Table["BillingModeSummary"] as Found)["BillingMode"],
    TimeToLiveSpecification: { ...ttl, Enabled: ttl["TimeToLiveStatus"] === "ENABLED" },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: recovery === "ENABLED" },
  };
}

async function readBucket(endpoint: string, { physicalId }: Made): Promise<Found> {
  const ask = async (query: string) => {
    try {
      return await motoCall(endpoint, "s3", { method: "GET", path: `/${physicalId}?${query}` });
    } catch {
      // The bucket has no such setting.
      return "";
    }
  };
  const value = (text: string, name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(text)?.[1];
  const [encryption, block, ownership, lifecycle] = await Promise.all(
    ["encryption", "publicAccessBlock", "ownershipControls", "lifecycle"].map(ask),
  ) as [string, string, string, string];
  return {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{
        ServerSideEncryptionByDefault: { SSEAlgorithm: value(encryption, "SSEAlgorithm") },
      }],
    },
    PublicAccessBlockConfiguration: Object.fromEntries(
      ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"].map((name) => [
        name,
        value(block, name)?.toLowerCase(),
      ]),
    ),
    OwnershipControls: { Rules: [{ ObjectOwnership: value(ownership, "ObjectOwnership") }] },
    LifecycleConfiguration: {
      Rules: [{
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: value(lifecycle, "DaysAfterInitiation") },
        Status: value(lifecycle, "Status"),
      }],
    },
  };
}

async function readQueue(endpoint: string, { physicalId }: Made): Promise<Found> {
  const QueueUrl = `${endpoint}${new URL(physicalId).pathname}`;
  const about = { QueueUrl, AttributeNames: ["All"] };
  const { Attributes } = await motoJson(endpoint, "sqs", "AmazonSQS.GetQueueAttributes", about);
  return Attributes as Found;
}

/** A policy as IAM gives it: JSON, escaped for an address. */
const document = (text: string, name: string): unknown =>
  JSON.parse(decodeURIComponent(new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(text)?.[1] ?? "null"));

async function readRole(endpoint: string, { physicalId: RoleName }: Made): Promise<Found> {
  const text = await motoForm(endpoint, "iam", { Action: "GetRole", Version: "2010-05-08", RoleName });
  return { AssumeRolePolicyDocument: document(text, "AssumeRolePolicyDocument") };
}

async function readPolicy(endpoint: string, { properties }: Made): Promise<Found> {
  const { PolicyName, Roles } = properties as { PolicyName: string; Roles: string[] };
  const found: unknown[] = [];
  for (const RoleName of Roles) {
    const about = { Action: "GetRolePolicy", Version: "2010-05-08", RoleName, PolicyName };
    found.push(document(await motoForm(endpoint, "iam", about), "PolicyDocument"));
  }
  return { PolicyName, Roles, PolicyDocument: found.length === 1 ? found[0] : undefined };
}
