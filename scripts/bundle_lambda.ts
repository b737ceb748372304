/**
 * Bundles one Lambda function. Bun's bundler takes plugins from a program of Bun's only, so this is one:
 *
 * `bun scripts/bundle_lambda.ts functions/entry/aws/links.lambda.ts dist/links/index.mjs`
 * @module
 */
import { writeFileSync } from "node:fs";
import process from "node:process";

/** As much of Bun's bundler as is used here. */
declare const Bun: {
  build(options: {
    entrypoints: string[];
    target: "node";
    format: "esm";
    minify: true;
    external: string[];
    plugins: { name: string; setup(build: PluginBuild): void }[];
  }): Promise<{ outputs: { text(): Promise<string> }[] }>;
};
interface PluginBuild {
  onLoad(what: { filter: RegExp }, load: () => { contents: string; loader: "ts" }): void;
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

const [entry = "", file = ""] = process.argv.slice(2);
const { outputs } = await Bun.build({
  entrypoints: [entry],
  target: "node",
  format: "esm",
  minify: true,
  // Lambda's Node 24 brings it along.
  external: ["@aws-sdk/*"],
  plugins: [{
    name: "no lives",
    setup(build) {
      build.onLoad({ filter: /[\\/]sdk[\\/]src[\\/]live[\\/]live\.ts$/ }, () => ({ contents: NO_LIVES, loader: "ts" }));
    },
  }],
});
const [output, ...more] = outputs;
if (output === undefined || more.length > 0) throw new Error(`${entry} makes ${outputs.length} files`);
writeFileSync(file, await output.text());
