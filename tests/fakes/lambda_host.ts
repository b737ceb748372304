/**
 * Runs the bundle of a Lambda function as Lambda does: in a Node 24 process of its own, with its own environment.
 * @module
 */
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { node24 } from "../../scripts/tools.mjs";

/** A function that was started. */
export interface LambdaHost {
  /** Hands it an event. @throws Error when the handler throws or the process ends */
  invoke(event: unknown): Promise<APIGatewayProxyStructuredResultV2>;
  /** What it wrote to its log. */
  log: string[];
  stop(): Promise<void>;
}

/** Events come in by lines, and answers go out by lines with a mark that no line of a log has. */
const RUNTIME = `
  import { createInterface } from "node:readline";
  const { handler } = await import(process.argv[1]);
  const tell = (answer) => process.stdout.write(JSON.stringify(answer) + "\\n");
  for await (const line of createInterface({ input: process.stdin })) {
    const { invocation, event } = JSON.parse(line);
    handler(event, {}).then(
      (result) => tell({ invocation, result }),
      (error) => tell({ invocation, error: String(error?.stack ?? error) }),
    );
  }
`;

/**
 * Starts a function.
 * @param file its bundle
 * @param env all of its environment
 */
export function startLambda(file: string, env: Record<string, string>): LambdaHost {
  const child = spawn(node24(), ["--input-type=module", "-e", RUNTIME, file], {
    cwd: dirname(file),
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const waiting = new Map<number, PromiseWithResolvers<APIGatewayProxyStructuredResultV2>>();
  const log: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { invocation, result, error } = JSON.parse(line);
    if (invocation === undefined) return log.push(line);
    if (error === undefined) waiting.get(invocation)?.resolve(result);
    else waiting.get(invocation)?.reject(new Error(error));
    waiting.delete(invocation);
  });
  child.once("close", () => {
    for (const { reject } of waiting.values()) reject(new Error(`The function ended: ${log.slice(-5).join("\n")}`));
  });
  let invocations = 0;
  return {
    log,
    invoke(event) {
      const answer = Promise.withResolvers<APIGatewayProxyStructuredResultV2>();
      const invocation = invocations++;
      waiting.set(invocation, answer);
      child.stdin.write(`${JSON.stringify({ invocation, event })}\n`);
      return answer.promise;
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
