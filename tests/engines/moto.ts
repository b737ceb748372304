/**
 * moto's server (AWS in memory: S3, ECS, Scheduler, CloudFormation and more) for the tests: got once from PyPI into
 * `.tools/`, started on a free loopback port, one process per caller.
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { motoPython } from "../../scripts/tools.mjs";

/** A running engine. */
export interface Moto {
  /** For the client's `endpoint`; any region and any credentials do. */
  endpoint: string;
  /** Ends the process and waits for its exit. */
  stop(): Promise<void>;
}

/** Either the engine, or the one line that says why the suite is skipped. */
export type MotoStart = { engine: Moto; skipped: undefined } | { engine: undefined; skipped: string };

/**
 * Serves until its input ends, so that it never outlives the tests. One request at a time: moto looks at a condition and
 * then writes, and another request could come between.
 */
const PROGRAM = `
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.moto_server.werkzeug_app import DomainDispatcherApplication as App
from moto.server import main
turn = threading.Lock()
serve = App.__call__
def one_at_a_time(self, environ, start_response):
    with turn:
        return serve(self, environ, start_response)
App.__call__ = one_at_a_time
main(["-H", "127.0.0.1", "-p", "0"])
`;

/**
 * Starts moto with no buckets.
 * @returns the engine, or why there is none (no Python 3.10 that can make virtual environments)
 * @throws Error when it does not start, or when Python is missing and `CI` is `true`
 */
export async function startMoto(): Promise<MotoStart> {
  const python = motoPython();
  if (python === undefined) {
    const skipped = "moto is not started: there is no Python 3.10 or newer that makes virtual environments";
    if (process.env["CI"] === "true") throw new Error(`${skipped}; with CI=true that is a failure`);
    return { engine: undefined, skipped };
  }
  const child = spawn(python, ["-c", PROGRAM], { stdio: ["pipe", "ignore", "pipe"] });
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const said: string[] = [];
  const endpoint = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
      if (url !== undefined) resolve(url);
      else said.push(line);
    });
    child.once("error", reject);
    child.once("close", () => reject(new Error(`moto ended before it listened: ${said.slice(-20).join("\n")}`)));
  });
  return {
    engine: {
      endpoint,
      async stop() {
        child.stdin.end();
        await exited;
      },
    },
    skipped: undefined,
  };
}

/** Subnets that a new moto has; its ECS starts tasks in no others. */
export async function motoSubnets(endpoint: string): Promise<string[]> {
  const reply = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/ec2/aws4_request",
    },
    body: "Action=DescribeSubnets&Version=2016-11-15",
  });
  return [...(await reply.text()).matchAll(/<subnetId>(.*?)</g)].map(([, id = ""]) => id);
}
