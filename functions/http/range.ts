/** Bytes of a file: which is the first, and how many. */
export interface Slice {
  start: number;
  length: number;
}

/** What the caller has of a file, and what is there. */
export interface FileFacts {
  size: number;
  etag: string;
  modifiedAt: number;
}

/**
 * The one range that a request asks for (RFC 9110, 14.2 and 13.1.5). No header, several ranges, other units, nonsense,
 * and an If-Range that names another version of the file all mean the whole file.
 * @returns the range, `undefined` for the whole file, or `unsatisfiable` when no byte of the file is in it
 */
export function readRange(headers: Headers, file: FileFacts): Slice | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.get("range")?.trim() ?? "") ?? [];
  if (first === "" && last === "" || first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  if (!sameVersion(headers.get("if-range"), file)) return undefined;
  const { size } = file;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return end < start ? "unsatisfiable" : { start, length: end - start + 1 };
}

/** Whether the caller has this version of the file already (RFC 9110, 13.1.2 and 13.1.3). */
export function isUnchanged(headers: Headers, { etag, modifiedAt }: FileFacts): boolean {
  const known = headers.get("if-none-match");
  if (known !== null) return known.split(",").some((each) => ["*", etag].includes(each.trim().replace(/^W\//, "")));
  const since = Date.parse(headers.get("if-modified-since") ?? "");
  return inSeconds(modifiedAt) <= since;
}

function sameVersion(header: string | null, { etag, modifiedAt }: FileFacts): boolean {
  if (header === null) return true;
  return header.trim() === etag || Date.parse(header) === inSeconds(modifiedAt);
}

/** HTTP dates have no milliseconds. */
const inSeconds = (time: number): number => Math.floor(time / 1000) * 1000;
