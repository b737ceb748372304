/**
 * Builds `dist/sdk`: each door as one file that imports at most a peer dependency, its types beside it, and a
 * package.json for npm.
 *
 * `bun scripts/build_sdk.ts`
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import { bun, ROOT } from "./tools.mjs";

const SDK = join(ROOT, "sdk");

/**
 * Builds the SDK anew.
 * @param outDir folder that is emptied and filled
 * @returns files that were written
 * @throws Error with the compiler's output when it does not build
 */
export function buildSdk(outDir: string = join(ROOT, "dist", "sdk")): string[] {
  const types = declarations();
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  const files = new Map([
    ...DOORS.map((door): [string, string] => [`${door}.js`, bundle(outDir, door, "esm")]),
    ["compat.cjs", bundle(outDir, "compat", "cjs")],
    ["package.json", packageJson()],
    ["LICENSE", readFileSync(join(ROOT, "LICENSE"), "utf8")],
    ...types,
    // `require` finds types only in files that are CommonJS themselves.
    ...types.filter(([name]) => ["compat.d.ts", GENERATED.target].includes(name)).map((
      [name, text],
    ): [string, string] => [
      name.replace(/\.ts$/, ".cts"),
      text.replaceAll(`"./${GENERATED.target}"`, `"./${GENERATED.target.replace(/\.ts$/, ".cts")}"`),
    ]),
  ]);
  for (const [name, text] of files) {
    writeFileSync(join(outDir, name), text);
  }
  return [...files.keys()].map((name) => join(outDir, name));
}

/**
 * Public modules of the built package: `mod` is the SDK, `compat` also works with `require`; `node`, `bun` and `deno`
 * hold each runtime's proxies.
 */
const DOORS = ["mod", "compat", "testing", "media", "euler", "workers", "replay", "node", "bun", "deno"] as const;
type Door = typeof DOORS[number];

/** Packages that programs install themselves, for the doors that want them. */
const PEERS = ["undici"];

/** A bundle, for every runtime and for browsers; Deno finds its types by the first line. */
function bundle(outDir: string, door: Door, format: "esm" | "cjs"): string {
  const file = join(outDir, "bundle.js");
  const entry = join(SDK, `${door}.ts`);
  const args = ["build", entry, `--outfile=${file}`, "--target=browser", `--format=${format}`, "--minify"];
  args.push(...PEERS.map((name) => `--external=${name}`));
  const { status, stdout, stderr } = spawnSync(bun(), args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot bundle the SDK: ${stdout}${stderr}`);
  const code = readFileSync(file, "utf8");
  rmSync(file);
  return `// @ts-self-types="./${door}.d.${format === "cjs" ? "cts" : "ts"}"\n${code}`;
}

/** Generated types, which name some things as the events do; they stay a file of their own. */
const GENERATED = { source: "src/gen/messages.d.ts", target: "messages.d.ts" };

/** The declaration files of all doors, and the generated types beside them. */
function declarations(): [string, string][] {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.sdk.json"), ts.sys.readFile);
  const base = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...base.compilerOptions, ...config.compilerOptions, noEmit: false, declaration: true, emitDeclarationOnly: true },
    ROOT,
  );
  const program = ts.createProgram(DOORS.map((door) => join(SDK, `${door}.ts`)), {
    ...options,
    outDir: ROOT,
    rootDir: ROOT,
  });
  const emitted = new Map<string, ts.SourceFile>();
  const result = program.emit(undefined, (file, text) => {
    emitted.set(relative(SDK, file).split("\\").join("/"), ts.createSourceFile(file, text, ts.ScriptTarget.ESNext));
  });
  const faults = [...ts.getPreEmitDiagnostics(program), ...result.diagnostics];
  if (faults.length > 0) {
    const getCanonicalFileName = (name: string) => name;
    const host = { getCanonicalFileName, getCurrentDirectory: () => ROOT, getNewLine: () => "\n" };
    throw new Error(`Cannot emit the SDK's types:\n${ts.formatDiagnostics(faults, host)}`);
  }
  const exported = (door: Door): string[] => {
    const source = program.getSourceFile(join(SDK, `${door}.ts`));
    const checker = program.getTypeChecker();
    const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    return symbol === undefined ? [] : checker.getExportsOfModule(symbol).map((one) => one.name).sort();
  };
  const generated = emitted.get(GENERATED.source);
  if (generated === undefined) throw new Error(`Cannot emit the SDK's types: there is no ${GENERATED.source}`);
  const main = new Set(exported("mod"));
  const files = DOORS.map((door): [string, string] => {
    // A door for `require` too cannot look into the main one, which is for `import` only.
    const text = declarationFile(door, emitted, exported(door), door === "mod" || door === "compat" ? new Set() : main);
    return [`${door}.d.ts`, text];
  });
  return [...files, [GENERATED.target, generated.text]];
}

/**
 * All public types of a door in one file: Deno and tsc agree on no way in which one declaration file can import values
 * of another, only on `import type`. Every declaration keeps its name, so two of one name cannot be.
 * @param shared names that are taken from the main door: a class with private fields is another type in each file
 */
function declarationFile(
  door: Door,
  emitted: ReadonlyMap<string, ts.SourceFile>,
  names: readonly string[],
  shared: ReadonlySet<string>,
): string {
  const parts: string[] = [];
  const taken = new Set<string>();
  const homes = new Map<string, string>();
  const waiting = [`${door}.d.ts`];
  const seen = new Set(waiting);
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const source = emitted.get(file);
    if (source === undefined) throw new Error(`Cannot emit the SDK's types: ${file} is needed and not there`);
    for (const statement of source.statements) {
      const from = importedFile(statement, file, source);
      if (from === GENERATED.source) {
        const clause = ts.isImportDeclaration(statement) ? statement.importClause : undefined;
        const line = `import ${clause?.getText(source)} from "./${GENERATED.target}";`;
        if (!parts.includes(line)) parts.unshift(line);
      } else if (from !== undefined && !seen.has(from)) {
        seen.add(from);
        waiting.push(from);
      }
      if (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) continue;
      const declared = declaredNames(statement, source);
      if (declared.length > 0 && declared.every((name) => shared.has(name))) {
        for (const name of declared) taken.add(name);
        continue;
      }
      for (const name of declared) {
        const home: string = homes.get(name) ?? file;
        if (home !== file) throw new Error(`Cannot emit the SDK's types: ${name} is declared in ${home} and ${file}`);
        homes.set(name, file);
      }
      parts.push(statement.getFullText(source).trim().replace(/^export (?=declare|interface|type|abstract)/m, ""));
    }
  }
  if (taken.size > 0) parts.unshift(`import type { ${[...taken].sort().join(", ")} } from "./mod.d.ts";`);
  return `${parts.join("\n")}\nexport { ${names.join(", ")} };\n`;
}

/** The declaration file that a statement imports or exports from. */
function importedFile(statement: ts.Statement, file: string, source: ts.SourceFile): string | undefined {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return undefined;
  if (/\bas\b/.test(statement.getText(source))) {
    throw new Error(`Cannot emit the SDK's types: ${file} renames what it imports`);
  }
  const { moduleSpecifier } = statement;
  if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return undefined;
  return posix.join(posix.dirname(file), moduleSpecifier.text.replace(/\.(?:ts|js)$/, ".d.ts"));
}

function declaredNames(statement: ts.Statement, source: ts.SourceFile): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map((declaration) => declaration.name.getText(source));
  }
  const named = statement as ts.Statement & { name?: ts.Node };
  return named.name === undefined ? [] : [named.name.getText(source)];
}

function packageJson(): string {
  const source = JSON.parse(readFileSync(join(SDK, "package.json"), "utf8"));
  const { name, version, description, license, type, sideEffects, peerDependencies, peerDependenciesMeta } = source;
  const plain = (door: Door) => ({ types: `./${door}.d.ts`, default: `./${door}.js` });
  const exports = {
    ...Object.fromEntries(DOORS.map((door) => [door === "mod" ? "." : `./${door}`, plain(door)])),
    "./compat": { require: { types: "./compat.d.cts", default: "./compat.cjs" }, default: plain("compat") },
  };
  const engines = { node: ">=22" };
  const peers = { peerDependencies, peerDependenciesMeta };
  const manifest = { name, version, description, license, type, sideEffects, engines, exports, ...peers };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [code = ""] = buildSdk();
  const bytes = readFileSync(code);
  const kilobytes = (size: number) => (size / 1024).toFixed(1);
  process.stdout.write(
    `${relative(ROOT, code)} ${kilobytes(bytes.length)} KB, ${
      kilobytes(gzipSync(bytes, { level: 9 }).length)
    } KB gzipped\n`,
  );
}
