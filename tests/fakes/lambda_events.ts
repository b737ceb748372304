/**
 * Events as AWS hands them to Lambda functions.
 * @module
 */
import { marshall } from "@aws-sdk/util-dynamodb";
import type { APIGatewayProxyEventV2, AttributeValue, DynamoDBRecord } from "aws-lambda";
import { eventsKey } from "../../functions/contract/keys.ts";
import type { EventBatch } from "../../functions/ports/event_store.ts";

/**
 * A request through an HTTP API with payload format 2.0.
 * @param target path and query, as they stand in the request line
 * @param headers beside those that curl sends
 */
export function apiGatewayEvent(
  method: string,
  target: string,
  headers: Record<string, string> = {},
): APIGatewayProxyEventV2 {
  const [rawPath = "", rawQueryString = ""] = target.split("?", 2);
  const host = "abcde12345.execute-api.eu-west-1.amazonaws.com";
  return {
    version: "2.0",
    routeKey: `${method} ${rawPath}`,
    rawPath,
    rawQueryString,
    headers: {
      host,
      accept: "*/*",
      "user-agent": "curl/8.5.0",
      "x-forwarded-proto": "https",
      "x-forwarded-port": "443",
      ...headers,
    },
    requestContext: {
      accountId: "123456789012",
      apiId: "abcde12345",
      domainName: host,
      domainPrefix: "abcde12345",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "curl/8.5.0" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: `${method} ${rawPath}`,
      stage: "$default",
      time: "09/Oct/2025:08:53:20 +0000",
      timeEpoch: 1_760_000_000_000,
    },
    isBase64Encoded: false,
  };
}

/** The stream's record of a batch that was stored. Lambda gives bytes as base64. */
export function streamRecord(sequenceNumber: string, batch: EventBatch): DynamoDBRecord {
  const { body, ...rest } = batch;
  const key = eventsKey(batch.recordingId, batch.seq);
  const image = marshall({ ...key, ...rest }) as Record<string, AttributeValue>;
  return {
    eventID: sequenceNumber,
    eventName: "INSERT",
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "eu-west-1",
    dynamodb: {
      ApproximateCreationDateTime: 1_760_000_000,
      Keys: marshall(key) as Record<string, AttributeValue>,
      NewImage: { ...image, body: { B: btoa(String.fromCharCode(...body)) } },
      SequenceNumber: sequenceNumber,
      SizeBytes: 500,
      StreamViewType: "NEW_IMAGE",
    },
  };
}
