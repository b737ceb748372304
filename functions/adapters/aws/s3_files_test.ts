import { S3Client } from "@aws-sdk/client-s3";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type AwsServices, BUCKET, MODIFIED, startAwsServices } from "../../../tests/fakes/aws_services.ts";
import { ManualClock } from "../../../tests/fakes/manual_clock.ts";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { createApp } from "../../http/app.ts";
import { sqliteStore } from "../local/sqlite_store.ts";
import { RECORDINGS_PREFIX, s3Files } from "./s3_files.ts";

const PLAYLIST = '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:6.0,\nsegment_0.m4s\n';

describe("s3Files()", () => {
  let objects: Map<string, string>;
  let aws: AwsServices;
  let client: S3Client;
  let clock: ManualClock;

  beforeEach(async () => {
    aws = await startAwsServices();
    ({ objects } = aws);
    clock = new ManualClock();
    client = new S3Client({
      region: "eu-west-1",
      endpoint: aws.env.AWS_ENDPOINT_URL_S3,
      forcePathStyle: true,
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not-a-secret" },
    });
  });
  afterEach(async () => {
    client.destroy();
    await aws.stop();
  });

  const files = () =>
    s3Files({ client: () => Promise.resolve(client), bucket: BUCKET, prefix: RECORDINGS_PREFIX, clock });

  it("finds and reads files, and says when there is none", async () => {
    objects.set("recordings/host/1/a.json", "0123456789");
    const file = await files().find("host/1", "a.json");
    assert(file !== undefined);
    assertEquals([file.size, file.etag, file.modifiedAt], [10, '"abc"', Date.parse(MODIFIED)]);
    assertEquals(await new Response(file.read(0, 10)).text(), "0123456789");
    assertEquals(await new Response(file.read(3, 4)).text(), "3456");
    assertEquals(await new Response(file.read(0, 0)).text(), "");
    assertEquals(await files().find("host/1", "b.json"), undefined);
    for (const [folder, name] of [["..", "a"], ["host/1", "../a"], ["host/1", "/a"]] as const) {
      assert(String(await assertRejects(() => files().find(folder, name))).includes("not a plain name"));
    }
  });

  it("signs addresses that stay equal for an hour", async () => {
    const first = new URL(await files().link("host/1", "segment_0.m4s"));
    assertEquals(first.pathname, "/bucket/recordings/host/1/segment_0.m4s");
    assertEquals(first.searchParams.get("X-Amz-Expires"), "43200");
    assert(first.searchParams.get("X-Amz-Signature") !== null && !first.href.includes("not-a-secret"));
    const start = Math.floor(clock.now() / 3_600_000) * 3_600_000;
    await clock.advance(start + 3_599_999 - clock.now());
    assertEquals(await files().link("host/1", "segment_0.m4s"), first.href);
    await clock.advance(1);
    assert(await files().link("host/1", "segment_0.m4s") !== first.href);
  });

  it("tells the last name of a list that comes in pages", async () => {
    for (let i = 0; i < 7; i++) objects.set(`recordings/host/1/thumbnail_00000${i}.jpg`, "x");
    assertEquals(await files().lastName("host/1", "thumbnail_"), "thumbnail_000006.jpg");
  });

  it("removes one file of a folder", async () => {
    for (const name of ["1/events.jsonl", "1/events.jsonl.gz", "1/a", "10/events.jsonl"]) {
      objects.set(`recordings/host/${name}`, "x");
    }
    for (let i = 0; i < 2; i++) await files().remove("host/1", "events.jsonl");
    const left = ["1/events.jsonl.gz", "1/a", "10/events.jsonl"].map((name) => `recordings/host/${name}`);
    assertEquals([...objects.keys()], left);
  });

  it("removes a folder and nothing beside it", async () => {
    for (const name of ["1/a", "1/b", "1/c", "1/deep/d", "10/a", "2/a"]) objects.set(`recordings/host/${name}`, "x");
    await files().remove("host/1");
    assertEquals([...objects.keys()], ["recordings/host/10/a", "recordings/host/2/a"]);
    await files().remove("host/1");
  });

  it("players are sent to the bucket: from the playlist, and from the paths of files", async () => {
    const store = sqliteStore(":memory:");
    try {
      await store.wantRecording({ roomId: "7", username: "host", title: "" }, clock.now());
      await store.claimRecordings({ owner: "a", now: clock.now(), leaseMs: 1_000, limit: 1 });
      await store.addPart({ recordingId: "7", token: 1 }, { folder: "host/1", startedAt: clock.now() });
      objects.set("recordings/host/1/index.m3u8", PLAYLIST);
      const system = { store, clock, files: files() };
      const app = createApp({ system, logger: new CaptureLogger(), loopbackOnly: true });
      const playlist = await (await app.request("/recordings/7/index.m3u8")).text();
      const link = await files().link("host/1", "segment_0.m4s");
      assert(playlist.split("\n").includes(link), playlist);
      assert(playlist.includes(`#EXT-X-MAP:URI="${await files().link("host/1", "init.mp4")}"`), playlist);
      const sent = await app.request("/recordings/7/parts/1/segment_0.m4s");
      assertEquals([sent.status, sent.headers.get("location")], [302, link]);
      assertEquals((await app.request("/recordings/7/parts/2/segment_0.m4s")).status, 404);
    } finally {
      store.close();
    }
  });
});
