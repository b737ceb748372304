import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { sqliteKeyStore } from "../../adapters/local/sqlite_key_store.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { loadConfig, LocalConfig, TableConfig } from "../../contract/config.ts";
import type { KeyStore } from "../../ports/key_store.ts";

/** A store of API keys that somebody opened, and has to close. */
export interface OpenKeyStore extends KeyStore {
  close(): void;
}

/**
 * Opens the API keys of a data folder, whether the system runs or not.
 * @param config whose `dataDir` is made when it is not there
 */
export function openLocalKeys({ dataDir }: Pick<LocalConfig, "dataDir">): OpenKeyStore {
  mkdirSync(dataDir, { recursive: true });
  return sqliteKeyStore(join(dataDir, "keys.db"));
}

/**
 * Opens the API keys that the environment points at: those of the DynamoDB table in `ROOMTONE_TABLE_NAME`, else those
 * of the data folder.
 * @throws TypeError that lists every bad variable
 */
export async function openKeys(env: Readonly<Record<string, string | undefined>>): Promise<OpenKeyStore> {
  if (!env["ROOMTONE_TABLE_NAME"]) return openLocalKeys(loadConfig(LocalConfig, env));
  const { tableName, dynamodbUrl } = loadConfig(TableConfig, env);
  // The AWS SDK is large: only those who use it load it.
  const [{ DynamoDBClient }, { dynamoKeyStore }] = await Promise.all([
    import("@aws-sdk/client-dynamodb"),
    import("../../adapters/aws/dynamo_key_store.ts"),
  ]);
  const client = new DynamoDBClient({ endpoint: dynamodbUrl });
  const store = dynamoKeyStore({ client, name: tableName, clock: systemClock, random: Math.random });
  return { ...store, close: () => client.destroy() };
}
