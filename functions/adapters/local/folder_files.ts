import { type FileHandle, open, readdir, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../../contract/errors.ts";
import type { RecordingFiles } from "../../ports/recording_files.ts";
import type { RecordingSpool } from "../../ports/recording_uploads.ts";

const CHUNK_BYTES = 64 * 1024;

/**
 * Files of recordings in a folder of this machine.
 * @param root folder that holds all recordings
 */
export function folderFiles(root: string): RecordingFiles {
  return {
    async find(folder, name) {
      const path = join(pathOf(root, folder), plain(name));
      const found = await stat(path).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (!found?.isFile()) return undefined;
      const { size, mtimeMs } = found;
      return {
        size,
        etag: `"${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}"`,
        modifiedAt: mtimeMs,
        read: (start, length) => stream(path, start, length),
      };
    },
    async lastName(folder, start) {
      const names = await entries(pathOf(root, folder), "isFile");
      return names.findLast((name) => name.startsWith(plain(start)));
    },
    async remove(folder, name) {
      const path = pathOf(root, folder);
      await rm(name === undefined ? path : join(path, plain(name)), { recursive: true, force: true });
      if (name === undefined && folder.includes("/")) await removeEmpty(dirname(path));
    },
  };
}

/**
 * Recordings that wait in a folder of this machine, in a folder for each host.
 * @param root folder that holds all recordings
 */
export function folderSpool(root: string): RecordingSpool {
  return {
    ...folderFiles(root),
    async folders() {
      const folders: string[] = [];
      for (const host of await entries(root, "isDirectory")) {
        for (const name of await entries(join(root, host), "isDirectory")) folders.push(`${host}/${name}`);
      }
      return folders;
    },
    async names(folder) {
      return (await entries(pathOf(root, folder), "isFile")).filter((name) => !name.endsWith(".tmp"));
    },
  };
}

/** Names in a folder of one kind, in order; none when it is not there. */
async function entries(path: string, kind: "isDirectory" | "isFile"): Promise<string[]> {
  const found = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return found.filter((entry) => entry[kind]()).map(({ name }) => name).sort();
}

/** Removes a host's folder with its last recording: the name is data of the host too. */
async function removeEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!isMissing(error) && !(error instanceof Error && "code" in error && error.code === "ENOTEMPTY")) throw error;
  }
}

function pathOf(root: string, folder: string): string {
  return join(root, ...folder.split("/").map(plain));
}

/** A name that leads nowhere else. */
function plain(name: string): string {
  if (!/^[\w-][\w.-]{0,199}$/.test(name)) throw new AppError("invalid_input", "Open a file: it is not a plain name");
  return name;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
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
