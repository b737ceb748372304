/**
 * Settings that are JSON.
 * @module
 */
import * as v from "valibot";

/** Text that holds JSON, or a value as it is. */
export const json = v.union([
  v.looseObject({}),
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return JSON.parse(dataset.value) as unknown;
      } catch {
        addIssue({ message: "must be JSON" });
        return NEVER;
      }
    }),
  ),
]);
