import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../contract/errors.ts";
import type { ByteRange, FileRead, RecordingFiles } from "../../ports/recording_files.ts";

const CHUNK_BYTES = 64 * 1024;

/**
 * Files of recordings in a folder of this machine.
 * @param root folder that holds all recordings
 */
export function folderFiles(root: string): RecordingFiles {
  return {
    async read(folder, name, range) {
      for (const each of [...folder.split("/"), name]) {
        if (!/^[\w-][\w.-]{0,199}$/.test(each)) {
          throw new AppError("invalid_input", "Open a file: it is not a plain name");
        }
      }
      const path = join(root, folder, name);
      const found = await stat(path).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (!found?.isFile()) return undefined;
      const { start, length } = slice(found.size, range);
      return { size: found.size, start, length, body: stream(path, start, length) } satisfies FileRead;
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Which bytes of a file of this size a range means. */
function slice(size: number, range: ByteRange | undefined): { start: number; length: number } {
  if (range === undefined) return { start: 0, length: size };
  const start = "last" in range ? Math.max(0, size - range.last) : range.start;
  const end = "last" in range ? size - 1 : Math.min(range.end ?? size - 1, size - 1);
  if (end < start) throw new AppError("range_not_satisfiable", `Read a range: the file has ${size} bytes`);
  return { start, length: end - start + 1 };
}

/**
 * Bytes of a file, read as they are asked for. It is opened by the first read, so that a body which nobody reads holds
 * nothing, and closed at the end, or when the reader goes away.
 */
function stream(path: string, start: number, length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = start;
  const end = start + length;
  let file: FileHandle | undefined;
  const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    if (position === end) return undefined;
    file ??= await open(path);
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - position));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) throw new Error("Read a file: it became shorter while it was read");
    position += bytesRead;
    return chunk.subarray(0, bytesRead);
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const chunk = await next();
        if (chunk !== undefined) return controller.enqueue(chunk);
      } catch (error) {
        await file?.close();
        throw error;
      }
      await file?.close();
      controller.close();
    },
    cancel: () => file?.close(),
  }, { highWaterMark: 0 });
}
