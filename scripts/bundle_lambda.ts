/**
 * Bundles one Lambda function. Bun's bundler takes plugins from a program of Bun's only, so this is one:
 *
 * `bun scripts/bundle_lambda.ts functions/entry/aws/links.lambda.ts dist/links/index.mjs`
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";

/** As much of Bun's bundler as is used here. */
declare const Bun: {
  build(options: {
    entrypoints: string[];
    target: "node";
    format: "esm";
    minify: true;
    outdir: string;
    naming: string;
    sourcemap: "linked";
    external: string[];
    plugins: { name: string; setup(build: PluginBuild): void }[];
  }): Promise<{ outputs: { kind: string }[] }>;
};
interface PluginBuild {
  onLoad(what: { filter: RegExp }, load: (file: { path: string }) => { contents: string; loader: "ts" }): void;
}

/**
 * What stands for the SDK's `Live`: a Lambda function looks things up and never listens, and the engine behind
 * `TikTok.live()` with its message schema would be two fifths of a bundle. Recorders have bundles of their own.
 */
const NO_LIVES = `export class Live {
  constructor() {
    throw new TypeError("Cannot listen to a live: the bundle of this function holds look-ups only");
  }
}`;

/**
 * What stands for the API's description: it is data as large as a third of the code, and lies beside the bundle.
 */
const DESCRIPTION = `import { readFileSync } from "node:fs";
export default JSON.parse(readFileSync(new URL("./openapi.json", import.meta.url), "utf8"));`;

const [entry = "", file = ""] = process.argv.slice(2);
const { outputs } = await Bun.build({
  entrypoints: [entry],
  target: "node",
  format: "esm",
  minify: true,
  outdir: dirname(file),
  naming: basename(file),
  sourcemap: "linked",
  // Lambda's Node 24 brings it along.
  external: ["@aws-sdk/*"],
  plugins: [{
    name: "no lives",
    setup(build) {
      // The canary is the one that listens.
      if (/[\\/]canary\.lambda\.ts$/.test(entry)) return;
      build.onLoad({ filter: /[\\/]sdk[\\/]src[\\/]live[\\/]live\.ts$/ }, () => ({ contents: NO_LIVES, loader: "ts" }));
    },
  }, {
    name: "description beside",
    setup(build) {
      build.onLoad({ filter: /[\\/]functions[\\/]openapi\.json$/ }, ({ path }) => {
        writeFileSync(join(dirname(file), "openapi.json"), JSON.stringify(JSON.parse(readFileSync(path, "utf8"))));
        return { contents: DESCRIPTION, loader: "ts" };
      });
    },
  }],
});
const kinds = outputs.map(({ kind }) => kind).sort().join(" and ");
if (kinds !== "entry-point and sourcemap") throw new Error(`${entry} makes ${kinds}`);
