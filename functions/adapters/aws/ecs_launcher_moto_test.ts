import {
  CreateClusterCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type RunTaskCommandInput,
  type RunTaskCommandOutput,
  StopTaskCommand,
} from "@aws-sdk/client-ecs";
import { assertEquals } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { createTable, localDynamoDb } from "../../../tests/engines/dynamodb_table.ts";
import { motoSubnets, startMoto } from "../../../tests/engines/moto.ts";
import { FakeLookup } from "../../../tests/fakes/fake_lookup.ts";
import { wayTo } from "../../../tests/fakes/fake_tiktok.ts";
import { CaptureLogger } from "../../../tests/fakes/capture_logger.ts";
import { ManualClock } from "../../../tests/fakes/manual_clock.ts";
import { recorderLauncherSuite } from "../../../tests/suites/recorder_launcher_suite.ts";
import { T0, want } from "../../../tests/suites/store_fixture.ts";
import { pollWatchlist } from "../../core/poll_watchlist.ts";
import { countOpenRecordings } from "./dynamo_recordings.ts";
import { dynamoStore } from "./dynamo_store.ts";
import { dynamoTurn } from "./dynamo_turn.ts";
import { ecsLauncher } from "./ecs_launcher.ts";

const SLOTS = 3;
const moto = await startMoto();
const dynamo = moto.engine === undefined ? moto : await startDynamoDbLocal();
const engines = moto.engine !== undefined && dynamo.engine !== undefined
  ? { ecs: moto.engine, dynamo: dynamo.engine }
  : undefined;

describe("ecsLauncher() on moto", () => {
  if (engines === undefined) {
    const skipped = dynamo.skipped ?? moto.skipped ?? "";
    return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  }
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  let subnets: string[];
  let made = 0;

  before(async () => {
    subnets = await motoSubnets(engines.ecs.endpoint);
  });
  after(async () => {
    await engines.ecs.stop();
    await engines.dynamo.stop();
  });

  const make = async (maxTasks = 12) => {
    const cluster = `cluster-${++made}`;
    const ecs = new ECSClient({ region: "us-east-1", endpoint: engines.ecs.endpoint, maxAttempts: 1, credentials });
    // As the stack sets it up for a stage that is on Fargate Spot only.
    await ecs.send(
      new CreateClusterCommand({
        ...{ clusterName: cluster, capacityProviders: ["FARGATE", "FARGATE_SPOT"] },
        defaultCapacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 100 }],
      }),
    );
    await ecs.send(
      new RegisterTaskDefinitionCommand({
        ...{ family: "recorder", requiresCompatibilities: ["FARGATE"], networkMode: "awsvpc" },
        ...{ cpu: "512", memory: "1024" },
        // moto wants the container's own limits.
        containerDefinitions: [{ name: "recorder", image: "recorder", cpu: 512, memory: 1_024 }],
      }),
    );
    const client = localDynamoDb(engines.dynamo.endpoint);
    await createTable(client, cluster);
    const clock = new ManualClock(T0);
    const table = { client, name: cluster, clock, random: Math.random };
    const logger = new CaptureLogger();
    const tasks = async () => {
      const arns: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await ecs.send(new ListTasksCommand({ cluster, desiredStatus: "RUNNING", nextToken }));
        arns.push(...page.taskArns ?? []);
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return arns;
    };
    return {
      ...{ store: dynamoStore(table), clock, logger, cluster, ecs, tasks, slots: SLOTS, most: maxTasks },
      open: () =>
        ecsLauncher({
          ...{ client: () => Promise.resolve(ecs), logger, cluster, taskDefinition: "recorder", subnets, maxTasks },
          ...{ securityGroups: ["sg-1"], slotsPerTask: SLOTS },
          countOpen: () => countOpenRecordings(table),
          turn: dynamoTurn(table, "launch"),
        }),
      recorders: async () => (await tasks()).length,
      close() {
        ecs.destroy();
        client.destroy();
        return Promise.resolve();
      },
    };
  };

  recorderLauncherSuite("ecsLauncher()", make);

  it("tasks are on the cluster's own capacity, and those that were stopped count no more", async () => {
    const { store, clock, open, tasks, ecs, cluster, recorders, close } = await make();
    try {
      await want(store, "1");
      await open().ensureCapacity(1);
      const [task = ""] = await tasks();
      const { tasks: [described] = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: [task] }));
      assertEquals([described?.capacityProviderName, described?.desiredStatus], ["FARGATE_SPOT", "RUNNING"]);
      await ecs.send(new StopTaskCommand({ cluster, task }));
      assertEquals(await recorders(), 0);
      await clock.advance(10_000);
      await open().ensureCapacity(1);
      assertEquals([await recorders(), (await tasks()).includes(task)], [1, false]);
    } finally {
      await close();
    }
  });

  it("tasks that ECS has no capacity for are told, not taken for started, and asked for again", async () => {
    const { store, clock, logger, ecs, open, recorders, close } = await make(20);
    try {
      // moto has room for all; this leaves it room for so many.
      let room = 7;
      const asked: number[] = [];
      ecs.middlewareStack.add((next, { commandName }) => async (args) => {
        if (commandName !== "RunTaskCommand") return await next(args);
        const { count = 1 } = args.input as RunTaskCommandInput;
        asked.push(count);
        const started = Math.min(count, room);
        room -= started;
        const refused = Array.from({ length: count - started }, () => ({ reason: "RESOURCE:FARGATE" }));
        if (started === 0) return { response: {}, output: { tasks: [], failures: refused, $metadata: {} } };
        const result = await next({ ...args, input: { ...args.input, count: started } });
        const output = result.output as RunTaskCommandOutput;
        return { ...result, output: { ...output, failures: [...output.failures ?? [], ...refused] } };
      }, { step: "initialize" });

      for (let id = 1; id <= 12 * SLOTS; id++) await want(store, String(id));
      await open().ensureCapacity(12 * SLOTS);
      assertEquals([asked, await recorders()], [[10], 7]);
      assertEquals(logger.lines, [
        { level: "info", event: "recorder_tasks_started", fields: { asked: 10, started: 7 } },
        { level: "error", event: "recorder_tasks_refused", fields: { reasons: ["RESOURCE:FARGATE"] } },
      ]);
      await clock.advance(10_000);
      await open().ensureCapacity(12 * SLOTS);
      assertEquals([asked, await recorders()], [[10, 5], 7]);
      room = 100;
      await clock.advance(10_000);
      await open().ensureCapacity(12 * SLOTS);
      assertEquals([asked, await recorders()], [[10, 5, 5], 12]);
    } finally {
      await close();
    }
  });

  it("two pollers that overlap make one recording of a live, and start one task for it", async () => {
    const { store, clock, logger, open, recorders, close } = await make();
    try {
      await store.putWatch("host", T0);
      await store.putWatch("other", T0);
      const lookup = new FakeLookup();
      for (const name of ["host", "other"]) lookup.live(name, name === "host" ? "7300" : "7301");
      const options = { ...{ intervalMs: 60_000, minIntervalMs: 5_000, maxIntervalMs: 1_800_000 } };
      // So short a lease that each poller looks at both names.
      const poll = () =>
        pollWatchlist(
          { store, ...wayTo(lookup, { clock }), launcher: open(), clock, random: Math.random, logger },
          { ...options, jitter: 0.2, leaseMs: 1, tickMs: 1_000 },
        );
      const summaries = await Promise.all([poll(), poll(), poll()]);
      assertEquals(summaries.reduce((sum, { wanted }) => sum + wanted, 0), 2);
      assertEquals([(await store.listRecordings({ limit: 9 })).items.length, await recorders()], [2, 1]);
      await clock.advance(1_000);
      await Promise.all([poll(), poll()]);
      assertEquals(await recorders(), 1);
    } finally {
      await close();
    }
  });
});
