// The front door behind `npm run`, `bun run` and `deno task`: gets the pinned Bun and the packages when they are
// missing, then runs the verb on that Bun.
// @ts-check
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { builtConsole } from "./console.mjs";
import { bun, installPackages, media, ROOT } from "./tools.mjs";

/** @type {Record<string, string[]>} */
const VERBS = {
  demo: ["cli/main.ts", "demo"],
  start: ["cli/main.ts", "serve"],
  roomtone: ["cli/main.ts"],
  test: ["scripts/test.ts"],
  bench: ["tests/bench/main.ts"],
  build: ["scripts/build.ts"],
  synth: ["scripts/synth.ts"],
  deploy: ["scripts/deploy.ts"],
  destroy: ["scripts/destroy.ts"],
  cost: ["scripts/cost.ts"],
  docs: ["scripts/docs.ts"],
  codegen: ["proto/codegen.ts"],
  ok: ["scripts/ok.ts"],
};

const [verb = "", ...args] = process.argv.slice(2);
const program = VERBS[verb];
if (program === undefined) {
  process.stderr.write(`usage: run.mjs ${Object.keys(VERBS).join("|")} [arguments]\n`);
  process.exit(2);
}

try {
  const bunPath = bun();
  installPackages(bunPath);
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, PATH: `${dirname(bunPath)}${delimiter}${process.env.PATH ?? ""}` };
  if (["demo", "test", "bench", "ok"].includes(verb)) {
    const { ffmpeg, ffprobe } = media();
    env.ROOMTONE_FFMPEG = ffmpeg;
    env.ROOMTONE_FFPROBE = ffprobe;
  }
  if (["demo", "start"].includes(verb)) env.ROOMTONE_CONSOLE_DIR ??= builtConsole(bunPath);
  const [file = "", ...first] = program;
  const child = spawn(bunPath, [join(ROOT, file), ...first, ...args], { stdio: "inherit", env });
  // The terminal sends Ctrl-C to the whole group; a signal sent to this process alone is passed on.
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`starting Bun failed: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
