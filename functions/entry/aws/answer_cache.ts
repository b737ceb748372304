import { dynamoAnswers } from "../../adapters/aws/dynamo_answers.ts";
import type { DynamoTable } from "../../adapters/aws/dynamo_table.ts";
import { memoryAnswers } from "../../adapters/local/memory_answers.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { AnswerCache } from "../../core/answer_cache.ts";
import { layeredAnswers } from "../../core/layered_answers.ts";
import type { Logger } from "../../ports/logger.ts";

/** Keeps answers in the table for all functions, and in this one's memory for as long as it is warm. */
export function answerCache(table: DynamoTable, logger: Logger): AnswerCache {
  const near = memoryAnswers(systemClock);
  const store = layeredAnswers(near, dynamoAnswers(table, logger), systemClock);
  return new AnswerCache({ store, clock: systemClock, logger });
}
