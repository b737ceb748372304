import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, it } from "node:test";
import { startMoto } from "../../../tests/engines/moto.ts";
import { BUCKET } from "../../../tests/fakes/aws_services.ts";
import { ManualClock } from "../../../tests/fakes/manual_clock.ts";
import { recordingFilesSuite } from "../../../tests/suites/recording_files_suite.ts";
import { RECORDINGS_PREFIX as prefix, s3Files } from "./s3_files.ts";
import { s3Uploads } from "./s3_uploads.ts";

const moto = await startMoto();
if (moto.engine === undefined) {
  const { skipped } = moto;
  describe("s3Files() on moto", () => it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {}));
} else {
  const { engine } = moto;
  recordingFilesSuite("s3Files()", async () => {
    const s3 = new S3Client({
      ...{ region: "us-east-1", endpoint: engine.endpoint, forcePathStyle: true, maxAttempts: 1 },
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not-a-secret" },
    });
    const client = () => Promise.resolve(s3);
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const uploads = s3Uploads({ client, bucket: BUCKET, prefix });
    const { signal } = new AbortController();
    return {
      files: s3Files({ client, bucket: BUCKET, prefix, clock: new ManualClock() }),
      put: async (folder, name, text) => {
        const content = new Blob([text]);
        const read = (start: number, length: number) => content.slice(start, start + length).stream();
        await uploads.put({ folder, name, size: content.size, read }, signal);
      },
      async close() {
        s3.destroy();
        await engine.stop();
      },
    };
  });
}
