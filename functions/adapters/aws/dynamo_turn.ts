import { turnKey } from "../../contract/keys.ts";
import { type DynamoTable, putNewItem, updateItem } from "./dynamo_table.ts";

/** Something that one process at a time may do. */
export interface Turn {
  /**
   * Takes the turn, until it is left or `holdMs` are over.
   * @returns false when somebody else has it
   */
  take(holdMs: number): Promise<boolean>;
  /** Gives the turn back; the next one may take it in `pauseMs`. */
  leave(pauseMs: number): Promise<void>;
}

/** A turn that is kept in the table. @param name of what it is about */
export function dynamoTurn(table: DynamoTable, name: string): Turn {
  const key = turnKey(name);
  /** Until when the turn is held by this process. */
  let held = 0;
  return {
    async take(holdMs) {
      const now = table.clock.now();
      const until = now + holdMs;
      const isNew = await putNewItem(table, { ...key, until }) === undefined;
      const taken = isNew || await updateItem(table, key, { set: { until }, onlyIf: [["until", "<=", now]] });
      if (!taken) return false;
      held = until;
      return true;
    },
    async leave(pauseMs) {
      const until = table.clock.now() + pauseMs;
      await updateItem(table, key, { set: { until }, onlyIf: [["until", "=", held]] });
    },
  };
}
