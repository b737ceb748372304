/**
 * Narrow readers over JSON of unknown shape: each gives a value of one type, or says that there is none. They never
 * throw, since a missing field is TikTok's normal state.
 * @module
 */

/** The value at `path` inside nested objects and arrays; `undefined` when any step is missing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}

/** The string, or `""`. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The non-empty string, or `undefined`. */
export function optionalText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The finite number, also when it comes as a string of digits; else `undefined`. */
export function number(value: unknown): number | undefined {
  if (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Whether the value is `true`, 1 or `"1"`. */
export function flag(value: unknown): boolean {
  return value === true || value === 1 || value === "1" || value === "true";
}

/**
 * An id as a decimal string; `""` for none. TikTok writes "none" as `""`, `"0"` or 0, and a JSON number above 2^53
 * has lost digits already, so it counts as none too.
 */
export function id(value: unknown): string {
  if (typeof value === "string" && /^\d{1,20}$/.test(value) && !/^0+$/.test(value)) return value;
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? String(value) : "";
}

/** The first of `values` that is an id; `""` when none is. */
export function firstId(...values: unknown[]): string {
  return values.map(id).find((found) => found !== "") ?? "";
}

/** The array, or an empty one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The object's entries, or none. */
export function entries(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** JSON inside a JSON string, parsed; an object stays as it is; `undefined` when it does not parse. */
export function nested(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** Seconds since 1970 as milliseconds; `undefined` for 0 and for no number. */
export function secondsToMs(value: unknown): number | undefined {
  const seconds = number(value);
  return seconds === undefined || seconds <= 0 ? undefined : seconds * 1000;
}

/** The first URL of an image object (`{url_list: [...]}`), or `undefined`. */
export function imageUrl(value: unknown): string | undefined {
  return optionalText(list(at(value, "url_list"))[0]);
}
