import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { DamagedFileError } from "../../contract/errors.ts";
import type { RecordingUploads, UploadedFile } from "../../ports/recording_uploads.ts";
import { fileKey, type S3Place } from "./s3_files.ts";

/** Larger files go up in parts of this size, bytes. S3 takes 10,000 parts, all but the last of at least 5 MiB. */
const PART_BYTES = 8 * 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  json: "application/json",
  jsonl: "application/x-ndjson",
  m3u8: "application/vnd.apple.mpegurl",
  m4s: "video/mp4",
  mp4: "video/mp4",
};

/**
 * Puts recordings into an S3 bucket, under the keys at which `s3Files` finds them. S3 checks the SHA-256 of each request's
 * body. It takes the rights to put objects and to abort multipart uploads below the prefix.
 */
export function s3Uploads({ client, bucket, prefix }: Omit<S3Place, "clock">): RecordingUploads {
  return {
    async put(file, signal) {
      const { folder, name } = file;
      const ContentType = CONTENT_TYPES[name.slice(name.lastIndexOf(".") + 1)];
      const object = { Bucket: bucket, Key: fileKey(prefix, folder, name) };
      const s3 = await client();
      if (file.size > PART_BYTES) return await putParts(s3, object, ContentType, file, signal);
      const Body = await bytesOf(file, 0, file.size);
      const hash = createHash("sha256").update(Body);
      checkHash(file, hash.copy().digest("hex"));
      const ChecksumSHA256 = hash.digest("base64");
      await s3.send(new PutObjectCommand({ ...object, Body, ContentType, ChecksumSHA256 }), { abortSignal: signal });
    },
  };
}

async function putParts(
  s3: S3Client,
  object: { Bucket: string; Key: string },
  ContentType: string | undefined,
  file: UploadedFile,
  abortSignal: AbortSignal,
): Promise<void> {
  const begin = new CreateMultipartUploadCommand({ ...object, ContentType, ChecksumAlgorithm: "SHA256" });
  const { UploadId } = await s3.send(begin, { abortSignal });
  const whole = createHash("sha256");
  const Parts: CompletedPart[] = [];
  try {
    for (let start = 0; start < file.size; start += PART_BYTES) {
      const Body = await bytesOf(file, start, Math.min(PART_BYTES, file.size - start));
      whole.update(Body);
      const part = {
        PartNumber: Parts.length + 1,
        ChecksumSHA256: createHash("sha256").update(Body).digest("base64"),
      };
      const { ETag } = await s3.send(new UploadPartCommand({ ...object, UploadId, Body, ...part }), { abortSignal });
      Parts.push({ ...part, ETag });
    }
    checkHash(file, whole.digest("hex"));
    const end = new CompleteMultipartUploadCommand({
      ...{ ...object, UploadId, MultipartUpload: { Parts }, MpuObjectSize: file.size },
    });
    await s3.send(end, { abortSignal });
  } catch (error) {
    // What cannot be aborted now is by the bucket's lifecycle rule.
    await s3.send(new AbortMultipartUploadCommand({ ...object, UploadId }), { abortSignal }).catch(() => undefined);
    throw error;
  }
}

async function bytesOf({ folder, name, read }: UploadedFile, start: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(await new Response(read(start, length)).arrayBuffer());
  if (bytes.length === length) return bytes;
  throw new Error(`Upload ${folder}/${name}: it became shorter while it was read`);
}

function checkHash({ folder, name, sha256 }: UploadedFile, actual: string): void {
  if (sha256 === undefined || sha256 === actual) return;
  throw new DamagedFileError(`Upload ${folder}/${name}: its SHA-256 is ${actual}, and ${sha256} was noted`);
}
