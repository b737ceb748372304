import { memoryAnswers } from "../../adapters/local/memory_answers.ts";
import { systemClock } from "../../adapters/local/system_clock.ts";
import { AnswerCache } from "../../core/answer_cache.ts";
import { processLogger } from "./process_logger.ts";

/** Keeps answers in the function's own memory, for as long as it is warm. */
export function memoryCache(): AnswerCache {
  return new AnswerCache({ store: memoryAnswers(systemClock), clock: systemClock, logger: processLogger() });
}
