import { assertEquals } from "@std/assert";
import { ECSClient } from "@aws-sdk/client-ecs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import type { LogFields } from "../../ports/logger.ts";
import { ecsLauncher } from "./ecs_launcher.ts";

interface Call {
  action: string;
  body: Record<string, unknown>;
}

/** Runs one `ensureCapacity()` against an ECS that has `tasks` tasks and lists two at a time. */
async function ensure(
  { waiting, open, tasks, maxTasks = 100, refuse = false, broken, status = 400 }: {
    waiting: number;
    open: number;
    tasks: number;
    maxTasks?: number;
    refuse?: boolean;
    broken?: "ListTasks" | "RunTask";
    /** Status of the broken one. */
    status?: number;
  },
): Promise<{ calls: Call[]; logs: [string, LogFields | undefined][]; pauses: number[] }> {
  const calls: Call[] = [];
  const pauses: number[] = [];
  const logs: [string, LogFields | undefined][] = [];
  const pageSize = 2;
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(new TextDecoder().decode(Buffer.concat(chunks))) as Record<string, unknown>;
    const action = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
    calls.push({ action, body });
    const from = Number(body.nextToken ?? 0);
    const answer = action === "ListTasks"
      ? {
        taskArns: Array.from({ length: Math.min(pageSize, tasks - from) }, (_, i) => `arn:task/${from + i}`),
        nextToken: from + pageSize < tasks ? String(from + pageSize) : undefined,
      }
      : refuse
      ? { tasks: [], failures: [{ reason: "Capacity is unavailable at this time" }] }
      : { tasks: Array.from({ length: Number(body.count) }, () => ({})), failures: [] };
    response.writeHead(action === broken ? status : 200, { "content-type": "application/x-amz-json-1.1" }).end(
      JSON.stringify(answer),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new ECSClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "local",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const log = (event: string, fields?: LogFields): void => void logs.push([event, fields]);
  try {
    await ecsLauncher({
      client: () => Promise.resolve(client),
      logger: { info: log, warn: log, error: log },
      cluster: "cluster",
      taskDefinition: "recorder:1",
      subnets: ["subnet-1"],
      securityGroups: ["sg-1"],
      slotsPerTask: 5,
      maxTasks,
      countOpen: () => Promise.resolve(open),
      turn: { take: () => Promise.resolve(true), leave: (pauseMs) => Promise.resolve(void pauses.push(pauseMs)) },
    }).ensureCapacity(waiting);
  } finally {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return { calls, logs, pauses };
}

const started = (calls: Call[]): unknown[] =>
  calls.filter(({ action }) => action === "RunTask").map(({ body }) => body.count);

describe("ecsLauncher()", () => {
  it("asks nothing when nothing waits", async () => {
    assertEquals((await ensure({ waiting: 0, open: 3, tasks: 0 })).calls, []);
  });

  it("starts a task in the given network for the first recording", async () => {
    const { calls, logs, pauses } = await ensure({ waiting: 1, open: 1, tasks: 0 });
    assertEquals(calls.map(({ action }) => action), ["ListTasks", "RunTask"]);
    const { clientToken, ...asked } = calls[1]?.body ?? {};
    assertEquals(typeof clientToken, "string");
    // No launch type and no strategy: the cluster's own decides how much is on Fargate Spot.
    assertEquals(asked, {
      cluster: "cluster",
      taskDefinition: "recorder:1",
      count: 1,
      networkConfiguration: {
        awsvpcConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"], assignPublicIp: "ENABLED" },
      },
    });
    assertEquals(logs, [["recorder_tasks_started", { asked: 1, started: 1 }]]);
    // ECS lists what it started a moment later: nobody counts before that.
    assertEquals(pauses, [5_000]);
  });

  it("starts none while running tasks have slots, counted over all pages", async () => {
    const { calls, pauses } = await ensure({ waiting: 2, open: 25, tasks: 5 });
    assertEquals(calls.map(({ action }) => action), ["ListTasks", "ListTasks", "ListTasks"]);
    assertEquals(pauses, [0]);
  });

  it("starts what is missing, ten at a time and no more than allowed", async () => {
    assertEquals(started((await ensure({ waiting: 90, open: 111, tasks: 1 })).calls), [10, 10, 2]);
    assertEquals(started((await ensure({ waiting: 90, open: 111, tasks: 1, maxTasks: 12 })).calls), [10, 2]);
  });

  it("reports refused tasks and stops asking", async () => {
    const { calls, logs } = await ensure({ waiting: 90, open: 100, tasks: 0, refuse: true });
    assertEquals(started(calls), [10]);
    assertEquals(logs[1], ["recorder_tasks_refused", { reasons: ["Capacity is unavailable at this time"] }]);
  });

  it("tells of an ECS that is away, gives the turn back, and holds nobody up", async () => {
    const uncounted = await ensure({ waiting: 1, open: 1, tasks: 0, broken: "ListTasks" });
    assertEquals([uncounted.logs.map(([event]) => event), uncounted.pauses], [["recorder_tasks_not_counted"], [0]]);
    const unstarted = await ensure({ waiting: 1, open: 1, tasks: 0, broken: "RunTask" });
    assertEquals([unstarted.logs.map(([event]) => event), unstarted.pauses], [["recorder_tasks_not_started"], [0]]);
    // Nobody knows whether it started some: they may be listed later.
    const unsure = await ensure({ waiting: 1, open: 1, tasks: 0, broken: "RunTask", status: 500 });
    assertEquals([unsure.logs.map(([event]) => event), unsure.pauses], [["recorder_tasks_not_started"], [5_000]]);
  });
});
