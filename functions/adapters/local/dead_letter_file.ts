import { appendFile } from "node:fs/promises";
import type { DeadLetters } from "../../ports/change_feed.ts";

/**
 * Dead letters as lines of JSON in a file, for people to read.
 * @param path the file; it is made with the first one
 */
export function deadLetterFile(path: string): DeadLetters {
  return {
    async putDeadLetter(letter) {
      await appendFile(path, `${JSON.stringify(letter)}\n`);
    },
  };
}
