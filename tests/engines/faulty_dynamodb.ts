/**
 * DynamoDB Local behind a server that can be away or throttle all calls.
 * @module
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The engine, with faults. */
export interface FaultyDynamoDb {
  endpoint: string;
  fault: "away" | "throttled" | undefined;
  stop(): Promise<void>;
}

/** @param endpoint of the engine */
export async function startFaultyDynamoDb(endpoint: string): Promise<FaultyDynamoDb> {
  const server = createServer(async (request, response) => {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part as Uint8Array);
    if (faulty.fault === "away") return request.socket.destroy();
    const type = { "content-type": "application/x-amz-json-1.0" };
    if (faulty.fault === "throttled") {
      const name = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
      return response.writeHead(400, type).end(JSON.stringify({ __type: name, message: "The rate is exceeded" }));
    }
    const { host: _, connection: __, ...headers } = request.headers;
    const answer = await fetch(endpoint, {
      method: "POST",
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      body: new Uint8Array(Buffer.concat(parts)),
    });
    response.writeHead(answer.status, type).end(new Uint8Array(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const faulty: FaultyDynamoDb = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: undefined,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return faulty;
}
