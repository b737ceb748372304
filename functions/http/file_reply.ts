import { AppError } from "../contract/errors.ts";
import type { StoredFile } from "../ports/recording_files.ts";
import { toProblem } from "./errors.ts";
import { isUnchanged, readRange } from "./range.ts";

/** Media type of playlists. */
export const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  m3u8: PLAYLIST_TYPE,
  m4s: "video/iso.segment",
  mp4: "video/mp4",
  jpg: "image/jpeg",
  json: "application/json",
  jsonl: "application/x-ndjson",
};

/**
 * A file, or the part of it that is asked for, or that the caller has it already.
 * @param asked `headers` of the request, the file's `name`, and for how long the answer is good
 */
export function fileReply(
  file: StoredFile,
  { name, headers, cacheControl }: { name: string; headers: Headers; cacheControl: string },
): Response {
  const about = {
    etag: file.etag,
    "last-modified": new Date(file.modifiedAt).toUTCString(),
    "cache-control": cacheControl,
    "accept-ranges": "bytes",
    "x-content-type-options": "nosniff",
  };
  if (isUnchanged(headers, file)) return new Response(null, { status: 304, headers: about });
  const range = readRange(headers, file);
  if (range === "unsatisfiable") {
    const answer = toProblem(
      new AppError("range_not_satisfiable", `Read a range of ${name}: it has ${file.size} bytes`),
    );
    answer.headers.set("content-range", `bytes */${file.size}`);
    return answer;
  }
  const { start, length } = range ?? { start: 0, length: file.size };
  return new Response(file.read(start, length), {
    status: range === undefined ? 200 : 206,
    headers: {
      ...about,
      ...range && { "content-range": `bytes ${start}-${start + length - 1}/${file.size}` },
      "content-type": MEDIA_TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream",
      "content-length": String(length),
    },
  });
}
