/**
 * `npm run docs`: writes the documentation as a site of plain files into dist/docs, or into the folder that is named.
 * @module
 */
import { join, resolve } from "node:path";
import process from "node:process";
import { buildDocs } from "./docs/build.ts";
import { ROOT } from "./tools.mjs";

const [given] = process.argv.slice(2);
const folder = given === undefined ? join(ROOT, "dist", "docs") : resolve(given);
const pages = buildDocs(folder);
process.stdout.write(`${pages.length} pages in ${folder}: open index.html there, or serve the folder\n`);
