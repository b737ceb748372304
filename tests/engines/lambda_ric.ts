/**
 * Lambda's own runtime interface client (`aws-lambda-ric`), which calls the handlers in AWS as well, before a small
 * Runtime API on loopback that hands it one event at a time.
 */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { lambdaRic, node24 } from "../../scripts/tools.mjs";

/** The client's program, or the one line that says why the suite is skipped. */
export type LambdaRicProgram = { program: string; skipped: undefined } | { program: undefined; skipped: string };

/** What the handler returned, or what Lambda is told of its failure. */
export type LambdaAnswer =
  | { result: unknown; error: undefined }
  | { result: undefined; error: { errorType: string; errorMessage: string; trace: string[] } };

/** A function that was started. */
export interface LambdaProcess {
  /**
   * Hands it an event, and waits for those before it.
   * @throws Error when the process ends without an answer, or the time of the call is up, which ends it
   */
  invoke(event: unknown): Promise<LambdaAnswer>;
  /** Lines that it wrote, as they would be in its log. */
  log: string[];
  /** Ends the process and waits for its exit. */
  stop(): Promise<void>;
}

/** A call that waits for the process, or for its answer. */
interface Call extends PromiseWithResolvers<LambdaAnswer> {
  id: string;
  event: string;
}

/**
 * Finds the client, built on first use.
 * @throws Error when it is missing and `CI` is `true`
 */
export function findLambdaRic(): LambdaRicProgram {
  const found = lambdaRic();
  if ("program" in found) return { program: found.program, skipped: undefined };
  const skipped = `Lambda's runtime interface client is not started: ${found.missing}`;
  if (process.env["CI"] === "true") throw new Error(`${skipped}; with CI=true that is a failure`);
  return { program: undefined, skipped };
}

/**
 * Starts a function on Node 24.
 * @param program of {@link findLambdaRic}
 * @param folder what the function's zip would hold, with `index.mjs` that exports `handler`
 * @param env the function's variables, and those that stand for its role
 * @param timeoutMs of each call, 1 to 900,000
 */
export async function startLambdaRic(
  program: string,
  folder: string,
  env: Record<string, string>,
  timeoutMs: number,
): Promise<LambdaProcess> {
  const waiting: Call[] = [];
  let idle: ServerResponse | undefined;
  let current: Call | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failure: LambdaAnswer | undefined;
  let end: Error | undefined;

  /** Hands the next call to the process when both are there. */
  const hand = (): void => {
    const call = current === undefined && idle !== undefined ? waiting.shift() : undefined;
    if (call === undefined) return;
    current = call;
    timer = setTimeout(() => finish(new Error(`The call took longer than ${timeoutMs} ms`)), timeoutMs);
    idle?.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": call.id,
      "lambda-runtime-deadline-ms": String(Date.now() + timeoutMs),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:123456789012:function:test",
      "lambda-runtime-trace-id": `Root=1-68e777a0-${call.id.replaceAll("-", "").slice(0, 24)};Sampled=0`,
    }).end(call.event);
    idle = undefined;
  };
  const answer = (given: LambdaAnswer): void => {
    clearTimeout(timer);
    current?.resolve(given);
    current = undefined;
  };
  /** Ends the process, and every call with it. */
  const finish = (reason: Error): void => {
    end ??= reason;
    child.kill("SIGKILL");
    clearTimeout(timer);
    for (const call of [current, ...waiting.splice(0)]) {
      if (failure === undefined) call?.reject(end);
      else call?.resolve(failure);
    }
    current = undefined;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = new TextDecoder().decode(Buffer.concat(chunks));
    const [, id, what] = /^\/2018-06-01\/runtime\/(?:invocation\/)?([^/]+)(?:\/(\w+))?$/.exec(request.url ?? "") ?? [];
    if (request.method === "GET" && id === "next") {
      idle = response;
      return hand();
    }
    if (id === "init" && what === "error") failure = { result: undefined, error: JSON.parse(body) };
    else if (id === current?.id && what === "response") answer({ result: JSON.parse(body), error: undefined });
    else if (id === current?.id && what === "error") answer({ result: undefined, error: JSON.parse(body) });
    else return void response.writeHead(400).end();
    response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}');
  };
  const server = createServer((request, response) => void serve(request, response).catch(finish));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const child = spawn(node24(), [program, "index.handler"], {
    cwd: folder,
    env: {
      ...env,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: "test",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: "index.handler",
      TZ: ":UTC",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => log.push(line));
  }
  const closed = once(child, "close").then(
    () => finish(new Error(`The function ended:\n${log.slice(-20).join("\n")}`)),
    finish,
  );

  return {
    log,
    async invoke(event) {
      if (failure !== undefined) return failure;
      if (end !== undefined) throw end;
      const call = { ...Promise.withResolvers<LambdaAnswer>(), id: randomUUID(), event: JSON.stringify(event) };
      waiting.push(call);
      hand();
      return await call.promise;
    },
    async stop() {
      finish(new Error("The function was stopped"));
      await closed;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
