/**
 * Every example in the SDK's comments and on the pages of the docs runs, as it stands there: on Bun, Deno and Node 24
 * against the stand-in, those of a runtime's own door on that runtime, that of Workers in workerd. A value named behind
 * `console.log()` is what it logs.
 */
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { encodeFlvHeader, encodeFlvTag } from "@roomtone/sdk/media";
import { recordFrames } from "@roomtone/sdk/replay";
import { TikTok } from "@roomtone/sdk";
import { buildSdk } from "../../scripts/build_sdk.ts";
import { bun, deno, node24 } from "../../scripts/tools.mjs";
import { runProgram } from "../checks/run_program.ts";
import { serveWorker } from "../checks/serve_worker.ts";
import { read, ROOT, sourceFiles } from "../checks/source_files.ts";
import { SESSION_ID, SIGNER_KEY } from "../standin/call_routes.ts";
import { startConnectProxy } from "../standin/connect_proxy.ts";
import { startStandin } from "../standin/mod.ts";

type Standin = Awaited<ReturnType<typeof startStandin>>;

interface Example {
  /** Where it stands, such as `sdk/src/tiktok.ts:210`. */
  place: string;
  text: string;
}

/** A host's name in the examples; each example gets a host of its own. */
const HOST = "some.host";
/** A value and what it is, such as `console.log(text); // "hi"`. */
const LOGGED = /console\.log\((.*)\); \/\/ ("[^"]*"|\d+)(?:: .*)?$/gm;
/** The doors that belong to one runtime. */
const OWN_DOOR = /"@roomtone\/sdk\/(bun|deno|node|workers)"/;

/** All blocks of scripts, in comments or on a page. */
function examplesOf(file: string): Example[] {
  const text = read(file);
  const block = file.endsWith(".md") ? /^```(?:ts|js)\n([\s\S]*?)^```$/gm : /^ *\* ```ts\n([\s\S]*?)^ *\* ```$/gm;
  return [...text.matchAll(block)].map((match) => ({
    place: `${file}:${text.slice(0, match.index).split("\n").length + 1}`,
    text: (match[1] ?? "").replace(/^ *\* ?/gm, ""),
  }));
}

const all = sourceFiles(/^sdk\/.*\.ts$/).filter((file) => !file.endsWith("_test.ts")).flatMap(examplesOf);
const pages = sourceFiles(/^(README|docs\/.*)\.md$/).flatMap(examplesOf).filter(({ text }) =>
  /from "@roomtone\/sdk/.test(text)
);
const plain = [...all, ...pages].filter(({ text }) => !OWN_DOOR.test(text));
const ownOf = (door: string) => all.filter(({ text }) => OWN_DOOR.exec(text)?.[1] === door);

/** The example as a module, with what its reader has to fill in. */
function filledIn({ place, text }: Example, host: string, proxyUrl = ""): string {
  const asks = /\b(?:TikTok|WebcastPushConnection|replay)\(/.test(text);
  return (asks ? text.replaceAll(HOST, host) : text)
    .replaceAll('"your key"', JSON.stringify(SIGNER_KEY))
    .replaceAll('"…"', JSON.stringify(SESSION_ID))
    .replaceAll("http://user:password@proxy.example:3128", proxyUrl)
    .replace(LOGGED, (_, value, expected) => `globalThis.logged(${JSON.stringify(place)}, ${value}, ${expected});`);
}

/**
 * `@roomtone/sdk` for the examples: the built files, with the stand-in's addresses for their defaults.
 */
function writeSdk(scratch: string, built: string, baseUrls: object): void {
  const folder = join(scratch, "node_modules", "@roomtone", "sdk");
  mkdirSync(folder, { recursive: true });
  const { exports } = JSON.parse(read("sdk/package.json")) as { exports: Record<string, string> };
  // In there, since Deno lets a package load only what is in node_modules too.
  cpSync(built, join(folder, "built"), { recursive: true });
  const urls = JSON.stringify(baseUrls);
  const host = JSON.stringify((baseUrls as { web?: string }).web);
  const own: Record<string, string> = {
    "./mod.ts": `import { TikTok as Plain } from "IT";
      export class TikTok extends Plain { constructor(options) { super({ baseUrls: ${urls}, ...options }); } }`,
    "./compat.ts": `import { WebcastPushConnection as Plain } from "IT";
      export class WebcastPushConnection extends Plain {
        constructor(id, options) { super(id, { tiktok: { baseUrls: ${urls} }, ...options }); }
      }`,
    "./euler.ts": `import { eulerSigner as plain } from "IT";
      export const eulerSigner = (options) => plain({ host: ${host}, ...options });`,
  };
  const doors = Object.entries(exports).map(([door, file]) => {
    const name = file.replace(/\.ts$/, ".mjs");
    const path = file.replace(/^\.(.*)\.ts$/, "./built$1.js");
    writeFileSync(join(folder, name), `export * from "${path}";\n${(own[file] ?? "").replace("IT", path)}\n`);
    return [door, name];
  });
  const pack = { name: "@roomtone/sdk", version: "1.0.0", type: "module", exports: Object.fromEntries(doors) };
  writeFileSync(join(folder, "package.json"), JSON.stringify(pack));
  writeFileSync(join(scratch, "package.json"), JSON.stringify({ dependencies: { "@roomtone/sdk": "1.0.0" } }));
}

/** A program that runs the modules side by side, and says which were done and which failed. */
function runnerOf(modules: readonly string[]): string {
  return `globalThis.logged = (place, value, expected) => {
    if (value !== expected) throw new Error(\`it logs \${value}, not \${expected}\`);
  };
  const failed = [];
  await Promise.all(${JSON.stringify(modules)}.map(async (name) => {
    try { await import("./" + name); } catch (error) { failed.push(name + ": " + (error.stack ?? error)); }
  }));
  console.log(failed.length === 0 ? "all done" : failed.join("\\n"));
  process.exit(failed.length === 0 ? 0 : 1);\n`;
}

describe("the examples in the docs", () => {
  let standin: Standin;
  let scratch = "";
  let built = "";
  /** What the example of a replay reads. */
  let frames = new Uint8Array();
  before(async () => {
    standin = await startStandin({ seed: "doc_examples", media: false });
    scratch = mkdtempSync(join(tmpdir(), "roomtone-doc-examples-"));
    built = join(scratch, "built");
    buildSdk(built);
    writeSdk(scratch, built, standin.baseUrls);
    const header = encodeFlvHeader({ audio: true, video: false });
    const tag = encodeFlvTag({ type: "audio", timestampMs: 20, payload: Uint8Array.of(0x2f, 1, 2) });
    for (const file of ["first.flv", "second.flv"]) {
      writeFileSync(join(scratch, file), new Uint8Array([...header, ...tag]));
    }
    standin.room("recorded.host").startLive({ speed: 20, durationMs: 10_000 });
    const parts: Uint8Array[] = [];
    const live = new TikTok({ baseUrls: standin.baseUrls }).live("recorded.host");
    for await (const part of recordFrames(live)) parts.push(part);
    frames = new Uint8Array(parts.flatMap((part) => [...part]));
  });
  after(async () => {
    await standin.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  it("are there", () => {
    assert(plain.length >= 20, `only ${plain.length}`);
    assert(pages.length >= 4, `only ${pages.length} on pages`);
    assertEquals(["bun", "deno", "node", "workers"].map((door) => ownOf(door).length > 0), [true, true, true, true]);
  });

  const runtimes: [string, () => string, string[]][] = [
    ["bun", bun, []],
    ["deno", deno, ["run", "--quiet", "--no-prompt", "-A"]],
    ["node", node24, []],
  ];
  for (const [runtime, program, flags] of runtimes) {
    it(`run on ${runtime}`, async () => {
      const modules: string[] = [];
      for (const [index, example] of plain.entries()) {
        const host = `doc${index}.${runtime}`;
        const name = `${host}.ts`;
        modules.push(name);
        writeFileSync(join(scratch, name), filledIn(example, host));
        if (/\breplay\(/.test(example.text)) writeFileSync(join(scratch, `${host}.frames`), frames);
      }
      writeFileSync(join(scratch, `run.${runtime}.mjs`), runnerOf(modules));
      const rooms = plain.map((_, index) => standin.room(`doc${index}.${runtime}`));
      for (const room of rooms) {
        room.startLive({ speed: 20, rate: 0.2 });
        // A live ends once it was read for a while, however long the program takes to begin.
        void room.until(({ acked }) => acked > 5).then(() => room.endLive());
      }
      const { code, output } = await runProgram(program(), [...flags, `run.${runtime}.mjs`], { cwd: scratch });
      for (const room of rooms) room.stop();
      const where = plain.map(({ place }, index) => `doc${index}: ${place}`).join("\n");
      assertEquals([code, /all done\n$/.test(output)], [0, true], `${output}\n${where}`);
    });
  }

  for (const [runtime, program, flags] of runtimes) {
    it(`run with the door of ${runtime}, through a proxy where they name one`, async (test) => {
      const [keyFile, certFile] = [join(scratch, `${runtime}.key`), join(scratch, `${runtime}.pem`)];
      const made = spawnSync("openssl", [
        ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keyFile, "-out", certFile, "-days", "2"],
        ...["-subj", "/CN=standin", "-addext", "subjectAltName=DNS:*.tiktok.com"],
      ]);
      if (made.status !== 0 && process.env["CI"] !== "true") return test.skip("SKIPPED: no openssl for a certificate");
      const tls = { port: 0, key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
      const secure = await startStandin({ seed: "doc_proxies", media: false, tls });
      const login = { username: "someone", password: "secret" };
      const proxy = await startConnectProxy({ ...login, targetPort: secure.tlsPort ?? 0 });
      const folder = mkdtempSync(join(scratch, "door-"));
      // Node's door wants it beside the program.
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(join(ROOT, "node_modules", "undici"), join(folder, "node_modules", "undici"), "junction");
      // Deno takes no certificate for its own authority.
      const insecure = runtime === "deno" ? ["--unsafely-ignore-certificate-errors=*.tiktok.com,www.tiktok.com"] : [];
      try {
        const examples = ownOf(runtime);
        assert(examples.length > 0);
        for (const [index, example] of examples.entries()) {
          const host = `door${index}.${runtime}`;
          for (const each of [standin, secure]) each.room(host).startLive({ rate: 0.2 });
          const throughProxy = example.text.includes("proxy.example");
          // Only those through the proxy reach the stand-in under TikTok's own names.
          writeSdk(folder, built, throughProxy ? {} : standin.baseUrls);
          writeFileSync(join(folder, "example.ts"), filledIn(example, host, proxy.secretUrl));
          proxy.forget();
          const env = { NODE_EXTRA_CA_CERTS: certFile };
          const { code, stdout, output } = await runProgram(program(), [...flags, ...insecure, "example.ts"], {
            cwd: folder,
            env,
          });
          assertEquals([code, stdout], [0, "true\n"], `${example.place}: ${output}`);
          const seen = proxy.requests.map(({ target }) => target);
          assertEquals(seen.includes("www.tiktok.com:443"), throughProxy, `${example.place}: ${seen}`);
        }
      } finally {
        await Promise.all([secure.stop(), proxy.stop()]);
      }
    });
  }

  it("run in workerd", async () => {
    for (const [index, example] of ownOf("workers").entries()) {
      const host = `worker${index}`;
      standin.room(host).startLive({ speed: 20 });
      const [file, out] = [join(scratch, `${host}.ts`), join(scratch, `${host}.js`)];
      const handler = example.text.includes("export default")
        ? ""
        : `\nexport default { fetch: async () => new Response((await tiktok.live("${host}").connected).type) };\n`;
      writeFileSync(file, filledIn(example, host) + handler);
      const built = await runProgram(bun(), ["build", file, "--target=browser", "--format=esm", `--outfile=${out}`]);
      assertEquals(built.code, 0, built.output);
      const worker = await serveWorker(out, { allowLoopback: true });
      try {
        const answer = await fetch(worker.url);
        const text = await answer.text();
        assertEquals([answer.status, text !== ""], [200, true], `${example.place}: ${text}`);
      } finally {
        worker.stop();
      }
      standin.room(host).stop();
    }
  });
});
