import { assertEquals, assertRejects } from "@std/assert";
import {
  type DynamoDBClient,
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
  TransactionConflictException,
} from "@aws-sdk/client-dynamodb";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startDynamoDbLocal } from "../../../tests/engines/dynamodb_local.ts";
import { freshTable } from "../../../tests/engines/dynamodb_table.ts";
import { storeSuite } from "../../../tests/suites/store_suite.ts";
import { NEW_SHARD } from "../../contract/keys.ts";
import { dynamoStore } from "./dynamo_store.ts";

const clock = { now: Date.now, sleep: async (ms: number): Promise<void> => void await sleep(ms) };
const WRITES = /^(Put|Update|Transact)/;
const { engine, skipped } = await startDynamoDbLocal();

describe("dynamoStore()", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});
  after(() => engine.stop());

  const makeTable = () => freshTable(engine.endpoint);

  storeSuite("dynamoStore()", async () => {
    const { name, connect, close } = await makeTable();
    return {
      open: () => Promise.resolve(dynamoStore({ client: connect(), name, clock, random: Math.random })),
      close,
    };
  });

  it("writes under a lease hold when their answers get lost on the way back", async () => {
    const { name, connect, close } = await makeTable();
    try {
      const store = dynamoStore({ client: connect(), name, clock, random: Math.random });
      const flaky = dynamoStore({ client: losingAnswers(connect()), name, clock, random: Math.random });
      await store.wantRecording({ roomId: "1", username: "some.host", title: "" }, 1_000);
      const claim = { owner: "a", now: 1_000, leaseMs: 1_000, limit: 1 };
      await store.claimRecordings(claim);
      const lease = { recordingId: "1", token: 1 };
      await flaky.addPart(lease, { folder: "f", startedAt: 1_000 });
      const segment = { part: 1, index: 0, uri: "s", startAt: 1_000, durationMs: 6_000, bytes: 10, sha256: "00" };
      await flaky.addSegment(lease, segment);
      await flaky.openEvents(lease, 1_000);
      await flaky.renewLease(lease, { now: 1_500, leaseMs: 1_000 });
      await flaky.releaseRecording(lease, { dueAt: 2_000, failures: 1 });
      await store.claimRecordings({ ...claim, now: 2_000 });
      await flaky.finishRecording({ ...lease, token: 2 }, { endedAt: 3_000, outcome: { kind: "ended" } });
      const recording = await store.getRecording("1");
      assertEquals([recording?.state, recording?.parts.length, recording?.segments], ["finished", 1, 1]);
      assertEquals((await store.listEvents("1", { after: 0, limit: 9 })).length, 1);
    } finally {
      await close();
    }
  });

  it("claims what it can where the table refuses some of the writes, and fails where it refuses all", async () => {
    const { name, connect, close } = await makeTable();
    try {
      const store = dynamoStore({ client: connect(), name, clock, random: Math.random });
      for (const id of ["1", "2", "3", "4"]) {
        await store.wantRecording({ roomId: id, username: `host${id}`, title: "" }, 1_000);
      }
      const refusing = (part: number) => {
        let writes = 0;
        const client = refusingWrites(connect(), () => ++writes % 4 < part);
        return dynamoStore({ client, name, clock, random: Math.random });
      };
      const claim = { now: 1_000, leaseMs: 1_000, limit: 4 };
      await assertRejects(() => refusing(4).claimRecordings({ ...claim, owner: "a" }));
      assertEquals((await refusing(1).claimRecordings({ ...claim, owner: "a" })).length, 3);
      assertEquals((await store.claimRecordings({ ...claim, owner: "a" })).length, 1);
      for (const each of ["a", "b", "c", "d"]) await store.putWatch(each, 1_000);
      assertEquals((await refusing(1).claimDueWatches({ ...claim, shard: NEW_SHARD })).length, 3);
    } finally {
      await close();
    }
  });

  it("repeats writes that meet a transaction on the same item, a little later each time", async () => {
    const { name, connect, close } = await makeTable();
    try {
      const waits: number[] = [];
      const patient = { now: () => 0, sleep: (ms: number) => Promise.resolve(void waits.push(ms)) };
      const store = dynamoStore({ client: conflicting(connect(), 2), name, clock: patient, random: () => 0.5 });
      await store.wantRecording({ roomId: "1", username: "some.host", title: "" }, 1_000);
      await store.claimRecordings({ owner: "a", now: 1_000, leaseMs: 1_000, limit: 1 });
      const segment = { part: 1, index: 0, uri: "s", startAt: 0, durationMs: 1, bytes: 1, sha256: "00" };
      await store.addSegment({ recordingId: "1", token: 1 }, segment);
      assertEquals((await store.getRecording("1"))?.segments, 1);
      assertEquals(waits, [20, 40, 20, 40, 20, 40]);
      const hopeless = dynamoStore({ client: conflicting(connect(), 99), name, clock: patient, random: () => 0.5 });
      await assertRejects(() => hopeless.putWatch("some.host", 1));
    } finally {
      await close();
    }
  });
});

/** A client that does each write and then says that the connection broke; the SDK's second try gets its answer. */
function losingAnswers(client: DynamoDBClient): DynamoDBClient {
  const lost = new Set<unknown>();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (!WRITES.test(String(context.commandName)) || lost.has(args.input)) return result;
      lost.add(args.input);
      throw Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
    },
    // Below the SDK's own retries, which come at this step with high priority.
    { step: "finalizeRequest", priority: "low" },
  );
  return client;
}

/** A client of which the table refuses some writes, as it does with too many. */
function refusingWrites(client: DynamoDBClient, refuses: () => boolean): DynamoDBClient {
  client.middlewareStack.add(
    (next, context) => (args) => {
      if (!WRITES.test(String(context.commandName)) || !refuses()) return next(args);
      throw new ProvisionedThroughputExceededException({ message: "too many", $metadata: {} });
    },
    { step: "initialize" },
  );
  return client;
}

/** A client whose writes find another transaction on the item, `times` in a row before one that goes through. */
function conflicting(client: DynamoDBClient, times: number): DynamoDBClient {
  let met = 0;
  client.middlewareStack.add(
    (next, context) => (args) => {
      const command = String(context.commandName);
      if (!WRITES.test(command)) return next(args);
      met = met === times ? 0 : met + 1;
      if (met === 0) return next(args);
      const about = { message: "conflict", $metadata: {} };
      if (!command.startsWith("Transact")) throw new TransactionConflictException(about);
      const CancellationReasons = [{ Code: "None" }, { Code: "TransactionConflict" }];
      throw new TransactionCanceledException({ ...about, CancellationReasons });
    },
    { step: "initialize" },
  );
  return client;
}
