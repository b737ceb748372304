import { dynamoKeyStore } from "../../adapters/aws/dynamo_key_store.ts";
import type { DynamoTable } from "../../adapters/aws/dynamo_table.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { AppOptions } from "../../http/app.ts";
import { answerCache } from "./answer_cache.ts";
import { processLogger } from "./process_logger.ts";

/** What the apps behind API Gateway share: every caller needs a key out of the table, and answers are kept in it. */
export function apiParts(table: DynamoTable) {
  const logger = processLogger();
  return {
    logger,
    loopbackOnly: false,
    keys: { store: dynamoKeyStore(table), clock: systemClock },
    cache: answerCache(table, logger),
  } satisfies Partial<AppOptions>;
}
