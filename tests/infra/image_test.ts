/**
 * The recorder's image without docker: its Dockerfile is read, and its entry command runs in a folder that holds what the
 * image would hold, and nothing else.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { buildFunctions } from "../../scripts/build_functions.ts";
import { node24, ROOT } from "../../scripts/tools.mjs";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../engines/dynamodb_table.ts";
import { type AwsServices, BUCKET, startAwsServices } from "../fakes/aws_services.ts";

/** The instructions of a Dockerfile, with lines that go on joined, and comments left out. */
function instructions(text: string): [name: string, value: string][] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#")).join("\n").replace(/\\\n\s*/g, "").split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => {
    const at = line.indexOf(" ");
    return [line.slice(0, at), line.slice(at + 1)];
  });
}

const { engine, skipped } = await startDynamoDbLocal();

describe("the recorder's image", () => {
  let dist: string;
  let app: string;
  let data: string;
  let aws: AwsServices;
  let file: [name: string, value: string][];
  const values = (name: string): string[] => file.filter(([each]) => each === name).map(([, value]) => value);

  before(async () => {
    mkdirSync(join(ROOT, "dist"), { recursive: true });
    dist = mkdtempSync(join(ROOT, "dist", "image-"));
    buildFunctions(dist);
    const context = join(dist, "recorder_task");
    file = instructions(readFileSync(join(context, "Dockerfile"), "utf8"));
    // Far from the clone, so that no module of it is found.
    const image = mkdtempSync(join(tmpdir(), "roomtone-image-"));
    [app, data] = [join(image, "app"), join(image, "data")];
    for (const folder of [app, data]) mkdirSync(folder);
    for (const copy of values("COPY")) {
      const [target, ...sources] = copy.split(/\s+/).toReversed();
      assertEquals(target, "./");
      for (const source of sources) copyFileSync(join(context, source), join(app, source));
    }
    chmodSync(app, 0o555);
    aws = await startAwsServices();
  });
  after(async () => {
    await aws.stop();
    await engine?.stop();
    chmodSync(app, 0o755);
    for (const folder of [dist, dirname(app)]) rmSync(folder, { recursive: true, force: true });
  });

  it("is small, pinned, and runs as nobody who may change it", () => {
    const [from = ""] = values("FROM");
    assert(/^node:24\.\d+\.\d+-bookworm-slim$/.test(from), from);
    assert(/ffmpeg=7:\d+\.\d+\./.test(values("RUN").join()), "ffmpeg is not pinned");
    assertStringIncludes(values("RUN").join(), "--no-install-recommends");
    assertEquals([values("USER"), values("VOLUME"), values("WORKDIR")], [["node"], ["/data"], ["/app"]]);
    assertEquals(values("ADD"), []);
    // In the form of a list no shell stands between the signal and the process.
    for (const command of [...values("ENTRYPOINT"), values("HEALTHCHECK").join().replace(/^.*CMD /, "")]) {
      assertEquals((JSON.parse(command) as string[])[0], "node");
    }
    assertEquals(values("CMD"), []);
  });

  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});

  const env = () => ({
    ...aws.env,
    ROOMTONE_TABLE_NAME: "image",
    ROOMTONE_BUCKET_NAME: BUCKET,
    ROOMTONE_DYNAMODB_URL: engine.endpoint,
    ROOMTONE_DATA_DIR: data,
  });
  const command = (name: string): string[] => {
    const [value = ""] = values(name);
    return (JSON.parse(value.replace(/^.*CMD /, "")) as string[]).slice(1);
  };
  const start = (): { child: ChildProcess; saw: (event: string) => Promise<void>; stderr: string[] } => {
    const child = spawn(node24(), command("ENTRYPOINT"), { cwd: app, env: env(), stdio: ["ignore", "pipe", "pipe"] });
    const stderr: string[] = [];
    child.stderr?.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
    const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]();
    return {
      child,
      stderr,
      async saw(event) {
        for (;;) {
          const { value, done } = await lines.next();
          assert(!done, `the task ended without ${event}: ${stderr.join("")}`);
          if ((JSON.parse(value) as { event: string }).event === event) return;
        }
      },
    };
  };
  const health = (): number | null => spawnSync(node24(), command("HEALTHCHECK"), { cwd: app, env: env() }).status;

  it("starts by its entry command from what it holds alone, is healthy, and leaves by SIGTERM", async () => {
    const client = localDynamoDb(engine.endpoint);
    await createTable(client, "image");
    client.destroy();
    assertEquals(health(), 1);
    const { child, saw } = start();
    try {
      await saw("recorder_ready");
      assertEquals(health(), 0);
      const old = new Date(Date.now() - 120_000);
      utimesSync(join(data, "alive"), old, old);
      assertEquals(health(), 1);
      child.kill("SIGTERM");
      await saw("recorder_left");
      const [code] = child.exitCode === null ? await once(child, "close") : [child.exitCode];
      assertEquals(code, 0);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
