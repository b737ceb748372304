#!/usr/bin/env bun
import process from "node:process";
import { runCli } from "./cli.ts";
import { processIo } from "./io.ts";

process.exit(await runCli(process.argv.slice(2), processIo()));
