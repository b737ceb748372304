import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteItemCommand,
  DynamoDBClient,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { assert, assertEquals } from "@std/assert";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { dynamoAnswers } from "../../functions/adapters/aws/dynamo_answers.ts";
import { dynamoCanary } from "../../functions/adapters/aws/dynamo_canary.ts";
import { dynamoKeyStore } from "../../functions/adapters/aws/dynamo_key_store.ts";
import { dynamoStore } from "../../functions/adapters/aws/dynamo_store.ts";
import type { DynamoTable } from "../../functions/adapters/aws/dynamo_table.ts";
import { RECORDINGS_PREFIX as prefix, s3Files } from "../../functions/adapters/aws/s3_files.ts";
import { s3Uploads } from "../../functions/adapters/aws/s3_uploads.ts";
import { eventsTableName } from "../../functions/adapters/aws/table.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { stageConfig, tableName } from "../../infra/config.ts";
import { ROOT } from "../../scripts/tools.mjs";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { deleteTable, localDynamoDb } from "../engines/dynamodb_table.ts";
import { startMoto } from "../engines/moto.ts";
import { propertiesNotFound, READ_TYPES } from "../engines/moto_found.ts";
import { createStacks, REGION } from "../engines/moto_stacks.ts";
import { CaptureLogger } from "../fakes/capture_logger.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { synthesise } from "../infra/synthesise.ts";
import { alertStoreSuite } from "../suites/alert_store_suite.ts";
import { answerStoreSuite } from "../suites/answer_store_suite.ts";
import { canaryStoreSuite } from "../suites/canary_store_suite.ts";
import { eventStoreSuite } from "../suites/event_store_suite.ts";
import { keyStoreSuite } from "../suites/key_store_suite.ts";
import { recordingUploadsSuite } from "../suites/recording_uploads_suite.ts";
import { storeSuite } from "../suites/store_suite.ts";
import { watchStoreSuite } from "../suites/watch_store_suite.ts";

const STAGE = "dev";
const credentials = { accessKeyId: "local", secretAccessKey: "local" };

const moto = await startMoto();
const dynamo = moto.engine === undefined ? undefined : await startDynamoDbLocal();

/** Tables of one test: their name, clients as processes would have them, and what empties or removes them. */
interface Tables {
  name: string;
  connect(): DynamoDBClient;
  close(): Promise<void>;
}

type On = <T>(adapter: (table: DynamoTable) => T) => () => Promise<{ open(): Promise<T>; close(): Promise<void> }>;

/** Adapters on tables that a suite makes or empties for each test. */
function adapters(make: () => Promise<Tables>) {
  const on: On = (adapter) => async () => {
    const { name, connect, close } = await make();
    const common = { clock: systemClock, random: Math.random };
    return { open: () => Promise.resolve(adapter({ client: connect(), name, ...common })), close };
  };
  return {
    store: on(dynamoStore),
    keys: on(dynamoKeyStore),
    canary: on(dynamoCanary),
    async answers(clock: ManualClock) {
      const { name, connect, close } = await make();
      const logger = new CaptureLogger();
      const store = dynamoAnswers({ client: connect(), name, clock, random: Math.random }, logger);
      return { store, logger, close };
    },
  };
}

/** A list of the page on deployment, between its marks. */
function listed(mark: string): string[] {
  const page = readFileSync(join(ROOT, "docs", "deploy_aws.md"), "utf8");
  const [, list = ""] = page.split(`<!-- ${mark} -->`);
  return list.split(/^- /m).slice(1).map((item) => item.replaceAll("`", "").replace(/\s+/g, " ").trim());
}

/** Lines `what: a, b`. */
function lines(pairs: (readonly [string, string])[]): string[] {
  const grouped = Map.groupBy(pairs, ([what]) => what);
  return [...grouped].map(([what, each]) => `${what}: ${[...new Set(each.map(([, part]) => part))].sort().join(", ")}`)
    .sort();
}

/** A table's properties in the template as the request that makes it, under a name of its own. */
function asRequest(properties: Record<string, unknown>, stageName: string, own: string): CreateTableCommandInput {
  const { TableName, AttributeDefinitions, BillingMode, KeySchema, GlobalSecondaryIndexes, StreamSpecification } =
    properties as unknown as CreateTableCommandInput;
  return {
    ...{ AttributeDefinitions, BillingMode, KeySchema, GlobalSecondaryIndexes },
    TableName: TableName?.replace(stageName, own),
    StreamSpecification: StreamSpecification && { ...StreamSpecification, StreamEnabled: true },
  };
}

/** Deletes all items of a table. */
async function empty(client: DynamoDBClient, TableName: string): Promise<void> {
  const found = await client.send(new ScanCommand({ TableName, ProjectionExpression: "pk, sk" }));
  for (const Key of found.Items ?? []) await client.send(new DeleteItemCommand({ TableName, Key }));
  if (found.LastEvaluatedKey !== undefined) await empty(client, TableName);
}

if (moto.engine === undefined) {
  const { skipped } = moto;
  describe("stacks", () => it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {}));
} else {
  const { endpoint, stop } = moto.engine;
  const templates = synthesise(STAGE);
  const { made, skipped } = await createStacks(endpoint, STAGE, templates);
  const name = tableName(stageConfig(STAGE));
  const bucket = made.find(({ type }) => type === "AWS::S3::Bucket")?.physicalId ?? "";

  describe("stacks in moto's CloudFormation", () => {
    after(stop);

    it("types that moto does not make are those that the page on deployment lists", () => {
      assertEquals(lines(skipped), listed("moto skips"));
    });

    it("each table, bucket, queue, role, policy, function and mapping is there as the template has it, but for what the page lists", async () => {
      for (const type of READ_TYPES) {
        const declared = Object.keys(templates.resources(type)).length;
        assertEquals(made.filter((each) => each.type === type).length, declared, type);
        assert(declared > 0, type);
      }
      const missing: (readonly [string, string])[] = [];
      for (const each of made) {
        for (const property of await propertiesNotFound(endpoint, each)) missing.push([each.type, property]);
      }
      assertEquals(lines(missing), listed("moto leaves out"));
    });

    const s3 = new S3Client({ region: REGION, endpoint, forcePathStyle: true, maxAttempts: 1, credentials });
    recordingUploadsSuite("s3Uploads() on the stack's bucket", () => {
      const client = () => Promise.resolve(s3);
      const files = s3Files({ client, bucket, prefix, clock: new ManualClock() });
      return Promise.resolve({
        uploads: s3Uploads({ client, bucket, prefix }),
        async read(folder, name) {
          const file = await files.find(folder, name);
          return file === undefined ? undefined : await new Response(file.read(0, file.size)).text();
        },
        async close() {
          const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
          s3.destroy();
          assertEquals(Uploads, []);
        },
      });
    });

    const inMoto = adapters(() => {
      const clients: DynamoDBClient[] = [];
      const connect = () => {
        const client = new DynamoDBClient({ region: REGION, endpoint, credentials });
        clients.push(client);
        return client;
      };
      const close = async () => {
        for (const each of [name, eventsTableName(name)]) await empty(connect(), each);
        for (const each of clients) each.destroy();
      };
      return Promise.resolve({ name, connect, close });
    });
    watchStoreSuite("dynamoStore() on the stack's tables in moto", inMoto.store);
    eventStoreSuite("dynamoStore() on the stack's tables in moto", inMoto.store);
    alertStoreSuite("dynamoStore() on the stack's tables in moto", inMoto.store);
    keyStoreSuite("dynamoKeyStore() on the stack's tables in moto", inMoto.keys);
    canaryStoreSuite("dynamoCanary() on the stack's tables in moto", inMoto.canary);
    answerStoreSuite("dynamoAnswers() on the stack's tables in moto", inMoto.answers);
  });

  describe("tables as the template has them, in DynamoDB Local", () => {
    if (dynamo?.engine === undefined) {
      return it(`SKIPPED: ${dynamo?.skipped}`, { skip: dynamo?.skipped ?? true }, () => {});
    }
    const { endpoint, stop } = dynamo.engine;
    after(stop);
    const inLocal = adapters(async () => {
      const clients: DynamoDBClient[] = [];
      const connect = () => {
        const client = localDynamoDb(endpoint);
        clients.push(client);
        return client;
      };
      const own = `t${randomUUID()}`;
      for (const { Properties } of Object.values(templates.resources("AWS::DynamoDB::Table"))) {
        await connect().send(new CreateTableCommand(asRequest(Properties, name, own)));
      }
      const close = async () => {
        await deleteTable(connect(), own);
        for (const each of clients) each.destroy();
      };
      return { name: own, connect, close };
    });
    storeSuite("dynamoStore()", inLocal.store);
    keyStoreSuite("dynamoKeyStore()", inLocal.keys);
    canaryStoreSuite("dynamoCanary()", inLocal.canary);
    answerStoreSuite("dynamoAnswers()", inLocal.answers);
  });
}
