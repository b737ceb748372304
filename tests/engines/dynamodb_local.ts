/**
 * DynamoDB Local (the engine that AWS publishes) for the tests: fetched once through Maven into `.tools/`, started in
 * memory on a free loopback port, one process per caller.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const SOURCES = fileURLToPath(new URL("./dynamodb_local/", import.meta.url));
const TOOLS = fileURLToPath(new URL("../../.tools/dynamodb-local/", import.meta.url));
const JAVA_MIN = 17;
const START_TIMEOUT_MS = 60_000;

/** A running engine. */
export interface DynamoDbLocal {
  /** For the client's `endpoint`; any region and any credentials do. */
  endpoint: string;
  /** Ends the process and waits for its exit. */
  stop(): Promise<void>;
}

/** Either the engine, or the one line that says why the suite is skipped. */
export type DynamoDbLocalStart =
  | { engine: DynamoDbLocal; skipped: undefined }
  | { engine: undefined; skipped: string };

/**
 * Starts DynamoDB Local with an empty memory.
 *
 * @param env `CI=true` makes a missing engine a failure instead of a skip
 * @returns the engine, or why there is none (no Java 17 or newer, no Maven)
 * @throws Error when everything is installed and the engine does not start, or when it is missing and `CI` is `true`
 */
export async function startDynamoDbLocal(env: NodeJS.ProcessEnv = process.env): Promise<DynamoDbLocalStart> {
  const missing = await missingTool(env);
  if (missing !== undefined) {
    const skipped = `DynamoDB Local is not started: ${missing}`;
    if (env.CI === "true") throw new Error(`${skipped}; with CI=true that is a failure`);
    return { engine: undefined, skipped };
  }
  return { engine: await launch(await prepare(env), env), skipped: undefined };
}

async function missingTool(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  // `javac -version` prints "javac 17.0.15"; the compiler is needed for the launcher, and Java comes with it.
  const version = await run("javac", ["-version"], { env }).then(({ stdout }) => stdout, () => "");
  const major = Number(/^javac (\d+)/.exec(version)?.[1] ?? 0);
  if (major < JAVA_MIN) return `a JDK of version ${JAVA_MIN} or newer is not on PATH`;
  if (existsSync(await preparedFolder())) return undefined;
  const maven = await run("mvn", ["-v"], { env }).then(() => true, () => false);
  return maven ? undefined : "Maven (mvn) is not on PATH";
}

/** The folder is named after what went into it, so a new version or launcher is fetched and built anew. */
async function preparedFolder(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of ["pom.xml", "LoopbackDdb.java"]) hash.update(await readFile(join(SOURCES, name)));
  return join(TOOLS, hash.digest("hex").slice(0, 16));
}

/**
 * Fills a folder of its own and then renames it: the final name exists only when it is complete, and of two processes
 * that prepare at once the first wins.
 */
async function prepare(env: NodeJS.ProcessEnv): Promise<string> {
  const folder = await preparedFolder();
  if (existsSync(folder)) return folder;
  await mkdir(TOOLS, { recursive: true });
  const draft = await mkdtemp(join(TOOLS, "draft-"));
  try {
    const libs = join(draft, "libs");
    await run("mvn", [
      "-q",
      "-B",
      "-f",
      join(SOURCES, "pom.xml"),
      "dependency:copy-dependencies",
      `-DoutputDirectory=${libs}`,
    ], { env, maxBuffer: 1 << 24 });
    await run("javac", ["-cp", join(libs, "*"), "-d", join(draft, "classes"), join(SOURCES, "LoopbackDdb.java")], {
      env,
    });
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

async function launch(folder: string, env: NodeJS.ProcessEnv): Promise<DynamoDbLocal> {
  const libs = join(folder, "libs");
  const child = spawn("java", [
    "-Xmx512m",
    `-Djava.library.path=${libs}`,
    "-cp",
    [join(folder, "classes"), join(libs, "*")].join(delimiter),
    "LoopbackDdb",
  ], { env, stdio: ["pipe", "pipe", "pipe"] });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    const port = await listeningPort(child);
    const endpoint = `http://127.0.0.1:${port}`;
    await answers(endpoint);
    return {
      endpoint,
      async stop() {
        child.stdin.end();
        await exited;
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    await exited;
    throw error;
  }
}

function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new TypeError("The child has no pipes");
    let tail = "";
    const timer = setTimeout(
      () => reject(new Error(`DynamoDB Local did not start in time: ${tail}`)),
      START_TIMEOUT_MS,
    );
    stderr.on("data", (chunk: Uint8Array) => tail = (tail + new TextDecoder().decode(chunk)).slice(-2000));
    child.once("error", reject);
    child.once("close", () => {
      clearTimeout(timer);
      reject(new Error(`DynamoDB Local ended before it listened: ${tail}`));
    });
    createInterface({ input: stdout }).on("line", (line) => {
      const port = /^port=(\d+)$/.exec(line)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    });
  });
}

/** Any HTTP status is an answer: an unsigned request is refused, which proves that the engine reads requests. */
async function answers(endpoint: string): Promise<void> {
  const response = await fetch(endpoint, { signal: AbortSignal.timeout(START_TIMEOUT_MS) });
  await response.body?.cancel();
}
