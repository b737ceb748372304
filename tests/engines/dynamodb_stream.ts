/**
 * The stream of a table in DynamoDB Local as a change feed: what an event source mapping reads, and hands to a Lambda
 * function. The engine's JSON has bytes in base64, as Lambda's events have.
 * @module
 */
import type { DynamoDBRecord } from "aws-lambda";
import { EVENTS_PREFIX } from "../../functions/contract/keys.ts";
import { type ChangeFeed, FEED_RETENTION_MS, type FeedRecord } from "../../functions/ports/change_feed.ts";

/** A record of a stream, and where it is. */
export interface StreamRecord extends FeedRecord {
  record: DynamoDBRecord;
}

/** The engine checks no signature, but wants one. */
const AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=local/20251009/local/dynamodb/aws4_request, " +
  "SignedHeaders=host, Signature=00";

/**
 * Reads the stream of an events table. Places are kept in memory, as the mapping keeps them.
 */
export function dynamoDbStream(endpoint: string, tableName: string): ChangeFeed<StreamRecord> {
  const call = async <T>(service: string, action: string, input: object): Promise<T> => {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `${service}_20120810.${action}`,
        authorization: AUTHORIZATION,
      },
      body: JSON.stringify(input),
    });
    if (!response.ok) throw new Error(`${action}: ${response.status} ${await response.text()}`);
    return await response.json() as T;
  };
  const streams = <T>(action: string, input: object): Promise<T> => call("DynamoDBStreams", action, input);
  const places = new Map<string, string>();
  let streamArn: string | undefined;

  const readShard = async (shardId: string, after: string): Promise<DynamoDBRecord[]> => {
    const from = after === ""
      ? { ShardIteratorType: "TRIM_HORIZON" }
      : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: after };
    const about = { StreamArn: streamArn, ShardId: shardId, ...from };
    const records: DynamoDBRecord[] = [];
    let { ShardIterator: next } = await streams<{ ShardIterator?: string }>("GetShardIterator", about);
    while (next !== undefined) {
      const page: { Records: DynamoDBRecord[]; NextShardIterator?: string } = await streams("GetRecords", {
        ShardIterator: next,
      });
      records.push(...page.Records);
      next = page.Records.length === 0 ? undefined : page.NextShardIterator;
    }
    return records;
  };
  return {
    feedPlace: (reader) => Promise.resolve(places.get(reader) ?? ""),
    async readChanges(after, limit, now) {
      streamArn ??= (await call<{ Table: { LatestStreamArn: string } }>("DynamoDB", "DescribeTable", {
        TableName: tableName,
      })).Table.LatestStreamArn;
      const { StreamDescription } = await streams<{ StreamDescription: { Shards: { ShardId: string }[] } }>(
        "DescribeStream",
        { StreamArn: streamArn },
      );
      const records: StreamRecord[] = [];
      let trimmed = false;
      for (const { ShardId } of StreamDescription.Shards) {
        for (const record of await readShard(ShardId, after)) {
          const { Keys, SequenceNumber = "", ApproximateCreationDateTime = 0 } = record.dynamodb ?? {};
          // The mapping's filter, CONSUMED_RECORDS.
          if (record.eventName !== "INSERT" || !Keys?.["sk"]?.S?.startsWith(EVENTS_PREFIX)) continue;
          const old = ApproximateCreationDateTime * 1_000 <= now - FEED_RETENTION_MS;
          trimmed ||= old;
          if (!old) records.push({ sequenceNumber: SequenceNumber, key: Keys["pk"]?.S ?? "", record: whole(record) });
        }
      }
      return { records: records.slice(0, limit), trimmed };
    },
    commitChanges(reader, sequenceNumber) {
      places.set(reader, sequenceNumber);
      return Promise.resolve();
    },
  };
}

/** A record as AWS gives it: the engine leaves the type of an empty map out. */
function whole(record: DynamoDBRecord): DynamoDBRecord {
  const image = Object.entries(record.dynamodb?.NewImage ?? {});
  const NewImage = Object.fromEntries(
    image.map(([name, value]) => Object.keys(value).length === 0 ? [name, { M: {} }] : [name, value]),
  );
  return { ...record, dynamodb: { ...record.dynamodb, NewImage } };
}
