import { S3Client } from "@aws-sdk/client-s3";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ManualClock } from "../../../tests/fakes/manual_clock.ts";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { createApp } from "../../http/app.ts";
import { sqliteStore } from "../local/sqlite_store.ts";
import { s3Files } from "./s3_files.ts";

const PREFIX = "recordings/";
const MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT";
const PLAYLIST = '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:6.0,\nsegment_0.m4s\n';

describe("s3Files()", () => {
  let objects: Map<string, string>;
  let server: Server;
  let client: S3Client;
  let clock: ManualClock;

  beforeEach(async () => {
    objects = new Map();
    clock = new ManualClock();
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://s3");
      const key = decodeURIComponent(pathname).replace(/^\/bucket\//, "");
      const chunks: Uint8Array[] = [];
      request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      request.on("end", () => {
        const xml = (text: string) => response.writeHead(200, { "content-type": "application/xml" }).end(text);
        if (request.method === "POST") {
          for (const [, gone = ""] of Buffer.concat(chunks).toString().matchAll(/<Key>(.*?)<\/Key>/g)) {
            objects.delete(gone);
          }
          return xml("<DeleteResult></DeleteResult>");
        }
        const prefix = searchParams.get("prefix");
        if (prefix !== null) {
          const found = [...objects.keys()].filter((each) => each.startsWith(prefix)).slice(0, 2);
          const entries = found.map((each) => `<Contents><Key>${each}</Key></Contents>`).join("");
          return xml(`<ListBucketResult>${entries}</ListBucketResult>`);
        }
        const content = objects.get(key);
        if (content === undefined) return response.writeHead(404).end();
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
        const part = from === undefined ? content : content.slice(Number(from), Number(to) + 1);
        response.writeHead(from === undefined ? 200 : 206, {
          ...{ etag: '"abc"', "last-modified": MODIFIED, "content-length": String(part.length) },
        });
        response.end(request.method === "HEAD" ? undefined : part);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    client = new S3Client({
      region: "eu-west-1",
      endpoint: `http://127.0.0.1:${port}`,
      forcePathStyle: true,
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not-a-secret" },
    });
  });
  afterEach(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const files = () => s3Files({ client, bucket: "bucket", prefix: PREFIX, clock });

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
