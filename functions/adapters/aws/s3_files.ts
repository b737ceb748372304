import type { S3Client } from "@aws-sdk/client-s3";
import { AppError } from "../../contract/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RecordingFiles } from "../../ports/recording_files.ts";

/** Start of the keys of all recordings' files. */
export const RECORDINGS_PREFIX = "recordings/";

/**
 * Key of a file, or of a folder without the slash at its end.
 * @throws AppError `invalid_input` for a name or folder that leads elsewhere
 */
export function fileKey(prefix: string, folder: string, name = ""): string {
  const names = [...folder.split("/"), ...name === "" ? [] : [name]];
  if (!names.every((each) => /^[\w-][\w.-]{0,199}$/.test(each))) {
    throw new AppError("invalid_input", "Open a file: it is not a plain name");
  }
  return prefix + names.join("/");
}

/** Where the files are. */
export interface S3Place {
  /** Gives the same one each time. */
  client: () => Promise<S3Client>;
  bucket: string;
  /** Start of every key, with a slash at its end. */
  prefix: string;
  clock: Clock;
}

/** How long a signed address is good, s. Credentials of a role may end it earlier. */
const GOOD_FOR_S = 12 * 3_600;
/** Addresses of one hour are equal, ms: players and caches then take a segment for the same one. */
const SIGNED_EACH_MS = 3_600_000;

/**
 * Files of recordings in an S3 bucket that is closed to the public: players get signed addresses. It takes the rights to
 * get, list and delete objects below the prefix. The AWS client is loaded by the first call: requests for anything else
 * do not wait for it.
 */
export function s3Files({ client, bucket, prefix, clock }: S3Place): Required<RecordingFiles> {
  const keyOf = (folder: string, name?: string) => fileKey(prefix, folder, name);
  return {
    async find(folder, name) {
      const object = { Bucket: bucket, Key: keyOf(folder, name) };
      const { HeadObjectCommand, NotFound } = await import("@aws-sdk/client-s3");
      const s3 = await client();
      try {
        const { ContentLength: size = 0, ETag: etag = "", LastModified } = await s3.send(new HeadObjectCommand(object));
        const read = (start: number, length: number) => streamOf(s3, object, start, length);
        return { size, etag, modifiedAt: LastModified?.getTime() ?? 0, read };
      } catch (error) {
        if (error instanceof NotFound) return undefined;
        throw error;
      }
    },
    async lastName(folder, start) {
      const Prefix = keyOf(folder, start);
      const { ListObjectsV2Command } = await import("@aws-sdk/client-s3");
      const s3 = await client();
      let last: string | undefined;
      let ContinuationToken: string | undefined;
      do {
        const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix, ContinuationToken }));
        // Keys come in order.
        last = page.Contents?.at(-1)?.Key ?? last;
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return last?.slice(last.lastIndexOf("/") + 1);
    },
    async link(folder, name) {
      const Key = keyOf(folder, name);
      const [{ GetObjectCommand }, { getSignedUrl }] = await Promise.all([
        import("@aws-sdk/client-s3"),
        import("@aws-sdk/s3-request-presigner"),
      ]);
      const signingDate = new Date(Math.floor(clock.now() / SIGNED_EACH_MS) * SIGNED_EACH_MS);
      const command = new GetObjectCommand({ Bucket: bucket, Key });
      return await getSignedUrl(await client(), command, { expiresIn: GOOD_FOR_S, signingDate });
    },
    async remove(folder, name) {
      const { DeleteObjectsCommand, ListObjectsV2Command } = await import("@aws-sdk/client-s3");
      const s3 = await client();
      const removeAll = async (Objects: { Key: string | undefined }[]) => {
        const { Errors = [] } = await s3.send(
          new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        );
        const [failed] = Errors;
        if (failed !== undefined) throw new Error(`Delete ${failed.Key}: S3 answered ${failed.Code}`);
      };
      if (name !== undefined) return await removeAll([{ Key: keyOf(folder, name) }]);
      for (;;) {
        const found = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${keyOf(folder)}/` }));
        const Objects = (found.Contents ?? []).map(({ Key }) => ({ Key }));
        if (Objects.length === 0) return;
        await removeAll(Objects);
      }
    },
  };
}

function streamOf(
  client: S3Client,
  object: { Bucket: string; Key: string },
  start: number,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (length === 0) return new Blob([]).stream();
  const Range = `bytes=${start}-${start + length - 1}`;
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream({
    async pull(controller) {
      if (reader === undefined) {
        const { GetObjectCommand } = await import("@aws-sdk/client-s3");
        const { Body } = await client.send(new GetObjectCommand({ ...object, Range }));
        if (Body === undefined) throw new Error(`Read ${object.Key}: S3 answered without a body`);
        reader = Body.transformToWebStream().getReader();
      }
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader?.cancel(reason),
  }, { highWaterMark: 0 });
}
