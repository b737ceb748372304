/**
 * The AWS services beside DynamoDB that the functions call, on loopback: as much of ECS and of Systems Manager's
 * parameters as they ask for.
 * @module
 */
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Services that run. */
export interface AwsServices {
  /** Variables that lead the AWS SDK here. */
  env: Record<string, string>;
  /** Calls that came, such as `ecs:RunTask`. */
  calls: string[];
  /** SecureString parameters, by name. */
  parameters: Map<string, string>;
  stop(): Promise<void>;
}

/** Names of the services, by what stands in front of their actions. */
const SERVICES: Readonly<Record<string, string>> = { AmazonEC2ContainerServiceV20141113: "ecs", AmazonSSM: "ssm" };

/** Starts the services. */
export async function startAwsServices(): Promise<AwsServices> {
  const calls: string[] = [];
  const parameters = new Map<string, string>();

  const answers: Record<string, (input: { Name?: string; WithDecryption?: boolean }) => [number, object]> = {
    "ecs:ListTasks": () => [200, { taskArns: [] }],
    "ecs:RunTask": () => [200, { tasks: [{}], failures: [] }],
    "ssm:GetParameter": ({ Name = "", WithDecryption }) => {
      const Value = parameters.get(Name);
      if (Value === undefined) return [400, { __type: "ParameterNotFound" }];
      return [200, { Parameter: { Name, Type: "SecureString", Value: WithDecryption ? Value : "AQICAHg=" } }];
    },
  };

  const server = createServer((request, response) => {
    const [prefix = "", action] = String(request.headers["x-amz-target"]).split(".");
    const call = `${SERVICES[prefix]}:${action}`;
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => {
      calls.push(call);
      const [status, body] = answers[call]?.(JSON.parse(Buffer.concat(chunks).toString())) ?? [404, {}];
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
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
      AWS_ENDPOINT_URL_SSM: url,
    },
    calls,
    parameters,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
