/**
 * The AWS services beside DynamoDB that the functions call, on loopback: as much of ECS, S3 and Systems Manager's
 * parameters as they ask for.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { multipartCall, MultipartUploads } from "./multipart_uploads.ts";

/** Services that run. */
export interface AwsServices {
  /** Variables that lead the AWS SDK here. */
  env: Record<string, string>;
  /** Calls that came, such as `ecs:RunTask`. */
  calls: string[];
  /** SecureString parameters, by name. */
  parameters: Map<string, string>;
  /** Calls that are refused, such as `ecs:RunTask`; `s3:PutObject` and `s3:UploadPart` are told to slow down. */
  refused: Set<string>;
  /** Objects of the bucket {@link BUCKET}, by key; a character for each byte. */
  objects: Map<string, string>;
  /** Uploads in parts that were neither completed nor aborted: their parts are paid for. */
  openUploads(): number;
  stop(): Promise<void>;
}

/** The one bucket. */
export const BUCKET = "bucket";
/** When all objects were written. */
export const MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT";
/** Keys that a list holds at once. */
const LIST_PAGE = 2;

/** Names of the services, by what stands in front of their actions. */
const SERVICES: Readonly<Record<string, string>> = { AmazonEC2ContainerServiceV20141113: "ecs", AmazonSSM: "ssm" };

/** Starts the services. */
export async function startAwsServices(): Promise<AwsServices> {
  const calls: string[] = [];
  const parameters = new Map<string, string>();
  const objects = new Map<string, string>();
  const refused = new Set<string>();
  const uploads = new MultipartUploads(objects);

  const answers: Record<string, (input: { Name?: string; WithDecryption?: boolean }) => [number, object]> = {
    "ecs:ListTasks": () => [200, { taskArns: [] }],
    "ecs:RunTask": () => [200, { tasks: [{}], failures: [] }],
    "ssm:GetParameter": ({ Name = "", WithDecryption }) => {
      const Value = parameters.get(Name);
      if (Value === undefined) return [400, { __type: "ParameterNotFound" }];
      return [200, { Parameter: { Name, Type: "SecureString", Value: WithDecryption ? Value : "AQICAHg=" } }];
    },
  };

  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const target = request.headers["x-amz-target"];
      const multipart = target === undefined ? multipartCall(request) : undefined;
      if (multipart !== undefined) {
        calls.push(`s3:${multipart}`);
        return uploads.answer(multipart, request, bytes, refused.has(`s3:${multipart}`), response);
      }
      if (target === undefined && request.method === "PUT") {
        calls.push("s3:PutObject");
        return putObject(request, bytes, refused.has("s3:PutObject"), objects, response);
      }
      const sent = bytes.toString();
      if (target === undefined && request.method === "POST" && refused.has("s3:DeleteObjects")) {
        return void response.writeHead(403).end("<Error><Code>AccessDenied</Code></Error>");
      }
      if (target === undefined) return calls.push(`s3:${answerS3(request, sent, objects, response)}`);
      const [prefix = "", action] = String(target).split(".");
      const call = `${SERVICES[prefix]}:${action}`;
      calls.push(call);
      const answer = refused.has(call) ? undefined : answers[call];
      const [status, body] = answer?.(JSON.parse(sent)) ?? [400, { __type: "AccessDeniedException" }];
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: {
      AWS_REGION: "local",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_ENDPOINT_URL_ECS: url,
      AWS_ENDPOINT_URL_S3: url,
      AWS_ENDPOINT_URL_SSM: url,
    },
    calls,
    parameters,
    objects,
    refused,
    openUploads: () => uploads.open,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Stores an object as S3 does: not when its hash is another than was said. */
function putObject(
  { url = "", headers }: IncomingMessage,
  bytes: Buffer,
  refused: boolean,
  objects: Map<string, string>,
  response: ServerResponse,
): void {
  const said = headers["x-amz-checksum-sha256"];
  const refuse = (status: number, code: string) =>
    void response.writeHead(status, { "content-type": "application/xml" }).end(`<Error><Code>${code}</Code></Error>`);
  if (refused) return refuse(503, "SlowDown");
  if (said !== createHash("sha256").update(bytes).digest("base64")) return refuse(400, "BadDigest");
  const { pathname } = new URL(url, "http://s3");
  objects.set(decodeURIComponent(pathname).replace(`/${BUCKET}/`, ""), bytes.toString("latin1"));
  response.writeHead(200, { etag: '"abc"' }).end();
}

/** Answers a request for objects of the bucket. @returns what it was */
function answerS3(
  { method, url = "", headers }: IncomingMessage,
  sent: string,
  objects: Map<string, string>,
  response: ServerResponse,
): string {
  const { pathname, searchParams } = new URL(url, "http://s3");
  const key = decodeURIComponent(pathname).replace(`/${BUCKET}/`, "");
  const xml = (text: string) => void response.writeHead(200, { "content-type": "application/xml" }).end(text);
  if (method === "POST") {
    for (const [, gone = ""] of sent.matchAll(/<Key>(.*?)<\/Key>/g)) objects.delete(gone);
    xml("<DeleteResult></DeleteResult>");
    return "DeleteObjects";
  }
  const prefix = searchParams.get("prefix");
  if (prefix !== null) {
    const from = Number(searchParams.get("continuation-token") ?? 0);
    const all = [...objects.keys()].filter((each) => each.startsWith(prefix));
    const found = all.slice(from, from + LIST_PAGE).map((each) => `<Contents><Key>${each}</Key></Contents>`);
    const next = from + LIST_PAGE;
    if (next < all.length) found.push(`<NextContinuationToken>${next}</NextContinuationToken>`);
    xml(`<ListBucketResult>${found.join("")}</ListBucketResult>`);
    return "ListObjectsV2";
  }
  const content = objects.get(key);
  if (content === undefined) response.writeHead(404).end();
  else {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const part = from === undefined ? content : content.slice(Number(from), Number(to) + 1);
    response.writeHead(from === undefined ? 200 : 206, {
      ...{ etag: '"abc"', "last-modified": MODIFIED, "content-length": String(part.length) },
    });
    response.end(method === "HEAD" ? undefined : part, "latin1");
  }
  return method === "HEAD" ? "HeadObject" : "GetObject";
}
