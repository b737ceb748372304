import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { startMoto } from "../../../tests/engines/moto.ts";
import { type AwsServices, BUCKET, startAwsServices } from "../../../tests/fakes/aws_services.ts";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { FakeSpool } from "../../../tests/fakes/fake_uploads.ts";
import { ManualClock, until } from "../../../tests/fakes/manual_clock.ts";
import { recordingUploadsSuite } from "../../../tests/suites/recording_uploads_suite.ts";
import { RecordingUploader } from "../../core/upload_recordings.ts";
import { RECORDINGS_PREFIX as prefix, s3Files } from "./s3_files.ts";
import { s3Uploads } from "./s3_uploads.ts";

const { signal } = new AbortController();

const clientOf = (endpoint: string | undefined) =>
  new S3Client({
    ...{ region: "us-east-1", endpoint, forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not-a-secret" },
  });

/** More than one request takes. */
const BIG = "0123456789abcdef".repeat(1_200_000);

const upload = (folder: string, name: string, text: string) => {
  const content = new Blob([text]);
  const read = (start: number, length: number) => content.slice(start, start + length).stream();
  return { folder, name, size: content.size, read };
};

const moto = await startMoto();
if (moto.engine === undefined) {
  const { skipped } = moto;
  describe("s3Uploads()", () => it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {}));
} else {
  const { engine } = moto;
  recordingUploadsSuite("s3Uploads()", async () => {
    const s3 = clientOf(engine.endpoint);
    const client = () => Promise.resolve(s3);
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const files = s3Files({ client, bucket: BUCKET, prefix, clock: new ManualClock() });
    return {
      uploads: s3Uploads({ client, bucket: BUCKET, prefix }),
      async read(folder, name) {
        const file = await files.find(folder, name);
        return file === undefined ? undefined : await new Response(file.read(0, file.size)).text();
      },
      async close() {
        // What failed on the way is aborted: parts of it would be paid for.
        const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
        s3.destroy();
        await engine.stop();
        assertEquals(Uploads, []);
      },
    };
  });
}

describe("s3Uploads()", () => {
  let aws: AwsServices;
  let s3: S3Client;

  beforeEach(async () => {
    aws = await startAwsServices();
    s3 = clientOf(aws.env["AWS_ENDPOINT_URL_S3"]);
  });
  afterEach(async () => {
    s3.destroy();
    await aws.stop();
  });

  const uploads = () => s3Uploads({ client: () => Promise.resolve(s3), bucket: BUCKET, prefix });

  it("S3 refuses what changed on the way", async () => {
    s3.middlewareStack.add((next) => (args) => {
      const request = args.request as { body?: Uint8Array };
      if (request.body !== undefined) request.body[0] = 0;
      return next(args);
    }, { step: "deserialize" });
    const error = await assertRejects(() => uploads().put(upload("host/one", "segment_0.m4s", "video"), signal));
    assertEquals(error instanceof Error && error.name, "BadDigest");
    assertEquals(aws.objects.size, 0);
  });

  it("S3 refuses a part that changed on the way; nothing of the upload is left, and the next one is whole", async () => {
    let parts = 0;
    let damaged = true;
    s3.middlewareStack.add((next, { commandName }) => (args) => {
      const request = args.request as { body?: Uint8Array };
      if (commandName === "UploadPartCommand" && ++parts === 2 && damaged && request.body !== undefined) {
        request.body[0] = 0;
      }
      return next(args);
    }, { step: "deserialize" });
    const error = await assertRejects(() => uploads().put(upload("host/one", "recording.mp4", BIG), signal));
    assertEquals(error instanceof Error && error.name, "BadDigest");
    assertEquals([aws.objects.size, aws.openUploads(), parts], [0, 0, 2]);
    damaged = false;
    await uploads().put(upload("host/one", "recording.mp4", BIG), signal);
    assert(aws.objects.get(`${prefix}host/one/recording.mp4`) === BIG);
    assertEquals(aws.openUploads(), 0);
  });

  it("an upload in parts that fails begins anew, part by part, until S3 has it", async () => {
    const clock = new ManualClock();
    const logger = new CaptureLogger();
    const spool = new FakeSpool();
    const done = () => Promise.resolve();
    const uploader = new RecordingUploader({ spool, uploads: uploads(), repair: done, restore: done, clock, logger });
    spool.write("host/one", "recording.mp4", BIG);
    spool.write("host/one", "manifest.json", "{}");
    aws.refused.add("s3:UploadPart");
    const finished = uploader.finish("host/one");
    await until(() => logger.events().length === 1);
    // The upload that fails next cannot be aborted either: the bucket's rule does that, days later.
    aws.refused.add("s3:AbortMultipartUpload");
    await clock.advance(1_000);
    await until(() => logger.events().length === 2);
    assertEquals([aws.openUploads(), aws.objects.size], [1, 0]);
    aws.refused.clear();
    await clock.advance(2_000);
    await finished;
    assert(aws.objects.get(`${prefix}host/one/recording.mp4`) === BIG);
    assertEquals([logger.events(), await spool.folders()], [
      ["upload_failed", "upload_failed", "recording_uploaded"],
      [],
    ]);
    const begun = aws.calls.filter((call) => call === "s3:CreateMultipartUpload");
    assertEquals(begun.length, 3);
  });

  it("puts nothing outside the recordings", async () => {
    for (const [folder, name] of [["..", "a"], ["host/1", "../a"], ["host/1", "/a"]] as const) {
      assert(String(await assertRejects(() => uploads().put(upload(folder, name, ""), signal))).includes("plain name"));
    }
    assertEquals(aws.calls, []);
  });

  it("what S3 throttles is tried again, and the disk's copy goes when S3 has it", async () => {
    const clock = new ManualClock();
    const logger = new CaptureLogger();
    const spool = new FakeSpool();
    const done = () => Promise.resolve();
    const uploader = new RecordingUploader({ spool, uploads: uploads(), repair: done, restore: done, clock, logger });
    for (const name of ["segment_0.m4s", "manifest.json"]) spool.write("host/one", name, "{}");
    aws.refused.add("s3:PutObject");
    const finished = uploader.finish("host/one");
    await until(() => logger.events().includes("upload_failed"));
    assertEquals([aws.objects.size, await spool.folders()], [0, ["host/one"]]);
    assert(String(logger.lines[0]?.fields["error"]).includes("SlowDown"), String(logger.lines[0]?.fields["error"]));
    aws.refused.clear();
    await clock.advance(1_000);
    await finished;
    assertEquals(
      [...aws.objects.keys()],
      ["segment_0.m4s", "manifest.json"].map((name) => `${prefix}host/one/${name}`),
    );
    assertEquals([await spool.folders(), logger.events()], [[], ["upload_failed", "recording_uploaded"]]);
  });
});
