import { open } from "node:fs/promises";
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
      for (const each of [folder, name]) {
        if (!/^[\w-][\w.-]{0,199}$/.test(each)) {
          throw new AppError("invalid_input", "Open a file: it is not a plain name");
        }
      }
      const file = await open(join(root, folder, name)).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (file === undefined) return undefined;
      try {
        const stat = await file.stat();
        if (!stat.isFile()) {
          await file.close();
          return undefined;
        }
        const { start, length } = slice(stat.size, range);
        return { size: stat.size, start, length, body: stream(file, start, length) } satisfies FileRead;
      } catch (error) {
        await file.close();
        throw error;
      }
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

/** Bytes of an open file, read as they are asked for. The file is closed at the end, or when the reader goes away. */
function stream(
  file: Awaited<ReturnType<typeof open>>,
  start: number,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = start;
  const end = start + length;
  return new ReadableStream({
    async pull(controller) {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - position));
      const { bytesRead } = position < end ? await file.read(chunk, 0, chunk.length, position) : { bytesRead: 0 };
      if (bytesRead > 0) {
        position += bytesRead;
        controller.enqueue(chunk.subarray(0, bytesRead));
        return;
      }
      await file.close();
      if (position < end) controller.error(new Error("Read a file: it became shorter while it was read"));
      else controller.close();
    },
    cancel: () => file.close(),
  });
}
