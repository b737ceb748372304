/**
 * The AWS services beside DynamoDB that the functions call, on loopback: as much of ECS as the launcher asks for.
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Services that run. */
export interface AwsServices {
  /** Variables that lead the AWS SDK here. */
  env: Record<string, string>;
  /** Calls that came, such as `ecs:RunTask`. */
  calls: string[];
  stop(): Promise<void>;
}

/** Starts the services. */
export async function startAwsServices(): Promise<AwsServices> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const action = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
    request.resume().on("end", () => {
      calls.push(`ecs:${action}`);
      const answer = action === "ListTasks" ? { taskArns: [] } : { tasks: [{}], failures: [] };
      response.writeHead(200, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: {
      AWS_REGION: "local",
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_ENDPOINT_URL_ECS: url,
    },
    calls,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
