import type { ByteRange } from "../ports/recording_files.ts";

/**
 * The one range that a Range header asks for.
 * @returns `undefined` for no header, several ranges, other units and nonsense: the whole file is then the answer, as
 *   RFC 9110 (14.2) allows
 */
export function readRange(header: string | null): ByteRange | undefined {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (first === "") return last === "" ? undefined : { last: Number(last) };
  if (last === "") return { start: Number(first) };
  return Number(last) < Number(first) ? undefined : { start: Number(first), end: Number(last) };
}
