/** Runs a program for a check and gives back what it said. */
import { spawn } from "node:child_process";
import process from "node:process";
import { ROOT } from "../../scripts/tools.mjs";

/** What a finished program left. */
export interface Finished {
  code: number;
  stdout: string;
  /** Standard output and standard error together, colours off. */
  output: string;
}

/**
 * Runs a program in the clone's top folder (or `cwd`) to its end.
 *
 * @param program path of the program
 * @param options.env added to this process's environment
 */
export function runProgram(
  program: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Finished> {
  const child = spawn(program, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => output += text);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, output }));
  });
}
