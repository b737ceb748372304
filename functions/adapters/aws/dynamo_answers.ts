import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { gunzipSync, gzipSync } from "node:zlib";
import * as v from "valibot";
import { answerKey } from "../../contract/keys.ts";
import type { AnswerStore } from "../../ports/answer_store.ts";
import type { Logger } from "../../ports/logger.ts";
import { type DynamoTable, marshallItem } from "./dynamo_table.ts";
import { TABLE } from "./table.ts";

/** Time for one read or write, ms: a cache that takes longer is no help. */
const PATIENCE_MS = 500;
/** After a failure nothing is asked for this long, ms, so that a table in trouble slows only one request now and then. */
const REST_MS = 10_000;
/** DynamoDB's limits, and some room for the other attributes, bytes. */
const MAX_KEY_BYTES = 2_048;
const MAX_BODY_BYTES = 380_000;
/** A packed body that unpacks to more was not written here, bytes. */
const MAX_TEXT_BYTES = 32_000_000;

const AnswerItem = v.object({
  body: v.instance(Uint8Array),
  storedAt: v.number(),
  freshUntil: v.number(),
  keepUntil: v.number(),
});

/**
 * Keeps answers in the DynamoDB table, for all functions together. The table deletes them some time after they are over;
 * until then they are passed over. It never throws: while the table is away or throttled there are no answers, and one
 * line says so from time to time. Answers that are too big for an item are not kept.
 */
export function dynamoAnswers(table: DynamoTable, logger: Logger): AnswerStore {
  const { client, name: TableName, clock } = table;
  let restsUntil = -Infinity;

  /** What the table gives in time; `undefined` when it fails, and while it rests after that. */
  async function attempt<T>(ask: (abortSignal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    if (clock.now() < restsUntil) return undefined;
    const late = new AbortController();
    const done = new AbortController();
    clock.sleep(PATIENCE_MS, done.signal).then(() => late.abort(), () => undefined);
    try {
      return await ask(late.signal);
    } catch (error) {
      // Of requests that fail together, the first one speaks.
      if (clock.now() >= restsUntil) {
        restsUntil = clock.now() + REST_MS;
        logger.warn("answers_not_kept", { error, restMs: REST_MS });
      }
      return undefined;
    } finally {
      done.abort();
    }
  }

  return {
    getAnswer: (key) =>
      attempt(async (abortSignal) => {
        const itemKey = answerKey(key);
        if (byteLength(itemKey.pk) > MAX_KEY_BYTES) return undefined;
        // Half the price of a consistent read: an answer that is older by some milliseconds is as good.
        const command = new GetItemCommand({ TableName, Key: marshallItem({ ...itemKey }) });
        const { Item } = await client.send(command, { abortSignal });
        const item = v.safeParse(AnswerItem, Item && unmarshall(Item));
        if (!item.success || item.output.keepUntil <= clock.now()) return undefined;
        const { body, ...times } = item.output;
        return { body: gunzipSync(body, { maxOutputLength: MAX_TEXT_BYTES }).toString(), ...times };
      }),
    async putAnswer(key, { body: text, ...times }) {
      const itemKey = answerKey(key);
      const body = gzipSync(text);
      if (byteLength(itemKey.pk) > MAX_KEY_BYTES || body.length > MAX_BODY_BYTES) return;
      const Item = marshallItem({
        ...itemKey,
        ...times,
        body,
        [TABLE.ttlAttribute]: Math.ceil(times.keepUntil / 1_000),
      });
      await attempt((abortSignal) => client.send(new PutItemCommand({ TableName, Item }), { abortSignal }));
    },
  };
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
