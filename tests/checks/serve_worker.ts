/** Runs a module in workerd, Cloudflare's Workers runtime, on loopback. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, relative } from "node:path";
import { workerd } from "../../scripts/tools.mjs";

/** A worker that listens. */
export interface ServedWorker {
  /** `http://127.0.0.1:port` */
  url: string;
  /** Ends workerd and removes its configuration. */
  stop(): void;
}

/**
 * Starts workerd and waits until it listens.
 * @param script path of an ES module without imports, with a `fetch` in its default export
 * @param options.allowLoopback lets the worker reach 127.0.0.1, which Workers do not by default
 * @throws Error when workerd ends before it listens
 */
export async function serveWorker(script: string, options: { allowLoopback?: boolean } = {}): Promise<ServedWorker> {
  const port = await freePort();
  const folder = mkdtempSync(join(dirname(script), "workerd-"));
  const config = join(folder, "config.capnp");
  const reach = options.allowLoopback ? `(name = "internet", network = (allow = ["public", "local"])),` : "";
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${reach} (name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "${relative(folder, script)}")],
    compatibilityDate = "2026-01-01",
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);`,
  );
  const child = spawn(workerd(), ["serve", config, "--control-fd=3"], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  // workerd names each socket on the control pipe once it listens.
  await new Promise<void>((resolve, reject) => {
    child.stdio[3]?.once("data", () => resolve());
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`workerd ended with ${code}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")));
    });
  });
}
