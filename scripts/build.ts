/** `npm run build`: everything that is shipped, into `dist/`: the SDK as one file, and the bundles of the functions. */
import { relative } from "node:path";
import process from "node:process";
import { buildFunctions } from "./build_functions.ts";
import { buildSdk } from "./build_sdk.ts";
import { ROOT } from "./tools.mjs";

for (const file of [...buildSdk(), ...buildFunctions()]) process.stdout.write(`${relative(ROOT, file)}\n`);
