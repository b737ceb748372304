import { dynamoKeyStore } from "../../adapters/aws/dynamo_key_store.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import type { ConsumerConfig } from "../../contract/config.ts";
import type { AppOptions } from "../../http/app.ts";
import { openTable } from "./open_table.ts";
import { processLogger } from "./process_logger.ts";

/** What the apps behind API Gateway share: every caller needs a key out of the table. Once per process. */
export function apiAccess(config: ConsumerConfig): Pick<AppOptions, "logger" | "loopbackOnly" | "keys"> {
  const keys = { store: dynamoKeyStore(openTable(config)), clock: systemClock };
  return { logger: processLogger(), loopbackOnly: false, keys };
}
