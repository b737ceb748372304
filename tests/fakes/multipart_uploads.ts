/**
 * Uploads in parts to the S3 of {@link startAwsServices}, which checks the hash of each part.
 * @module
 */
import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Calls that uploads in parts are made of. */
export type MultipartCall =
  | "CreateMultipartUpload"
  | "UploadPart"
  | "CompleteMultipartUpload"
  | "AbortMultipartUpload";

/** Which of them a request is; `undefined` for another one. */
export function multipartCall({ method, url = "" }: IncomingMessage): MultipartCall | undefined {
  const { searchParams } = new URL(url, "http://s3");
  if (method === "POST" && searchParams.has("uploads")) return "CreateMultipartUpload";
  if (!searchParams.has("uploadId")) return undefined;
  if (method === "PUT") return "UploadPart";
  return method === "POST" ? "CompleteMultipartUpload" : "AbortMultipartUpload";
}

/** Uploads that are under way. */
export class MultipartUploads {
  readonly #objects: Map<string, string>;
  readonly #parts = new Map<string, Map<number, Buffer>>();
  #started = 0;

  /** @param objects what is completed, by key; a character for each byte */
  constructor(objects: Map<string, string>) {
    this.#objects = objects;
  }

  get open(): number {
    return this.#parts.size;
  }

  answer(
    call: MultipartCall,
    { url = "", headers }: IncomingMessage,
    bytes: Buffer,
    refused: boolean,
    response: ServerResponse,
  ): void {
    const { pathname, searchParams } = new URL(url, "http://s3");
    const key = decodeURIComponent(pathname).replace(/^\/[^/]*\//, "");
    const id = searchParams.get("uploadId") ?? "";
    const parts = this.#parts.get(id);
    const xml = (status: number, text: string) =>
      void response.writeHead(status, { "content-type": "application/xml" }).end(text);
    const refuse = (status: number, code: string) => xml(status, `<Error><Code>${code}</Code></Error>`);
    if (refused) return refuse(503, "SlowDown");
    if (call === "CreateMultipartUpload") {
      const UploadId = `upload-${++this.#started}`;
      this.#parts.set(UploadId, new Map());
      return xml(
        200,
        `<InitiateMultipartUploadResult><UploadId>${UploadId}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (parts === undefined) return refuse(404, "NoSuchUpload");
    if (call === "UploadPart") {
      const said = headers["x-amz-checksum-sha256"];
      if (said !== createHash("sha256").update(bytes).digest("base64")) return refuse(400, "BadDigest");
      const number = Number(searchParams.get("partNumber"));
      parts.set(number, bytes);
      return void response.writeHead(200, { etag: `"${number}"` }).end();
    }
    this.#parts.delete(id);
    if (call === "AbortMultipartUpload") return void response.writeHead(204).end();
    const content = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part.toString("latin1")).join("");
    if (Number(headers["x-amz-mp-object-size"]) !== content.length) return refuse(400, "InvalidRequest");
    this.#objects.set(key, content);
    xml(200, '<CompleteMultipartUploadResult><ETag>"abc"</ETag></CompleteMultipartUploadResult>');
  }
}
