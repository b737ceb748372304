/**
 * Writes `docs/command_line.md`: every command's own help, the exit codes, and what holds for all of them.
 *
 * `bun scripts/command_line.ts`; `--check` only tells whether it is up to date.
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../cli/commands.ts";
import { EXIT_CODES } from "../cli/exit_codes.ts";
import { deno, ROOT } from "./tools.mjs";

const FILE = join(ROOT, "docs", "command_line.md");

const HEAD = `# Command line

\`roomtone COMMAND\`, or \`npm run roomtone -- COMMAND\` (\`bun run roomtone COMMAND\`) in a clone. \`roomtone --help\` lists the
commands, \`roomtone COMMAND --help\` prints what stands below. This page is made of it: \`bun scripts/command_line.ts\`.

## Exit codes

| code | meaning |
|---|---|
${EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |`).join("\n")}

A command that is given several names works on all of them: what fails is told with its name, the rest goes on, and the
code is 1. \`record\` ends with 0 after Ctrl-C when what it recorded is whole. A second Ctrl-C ends any command at once.

## Names

Names come as \`some.host\`, \`@some.host\` or as the URL of a profile or a live. Commands that take several also read files:
\`--from names.txt\`, and \`--from -\` for standard input. One name a line; empty lines and what follows a \`#\` are passed over,
a name that comes twice is taken once, and a line that cannot be a name is told with its number.

\`\`\`sh
roomtone links --from names.txt --json
cat names.txt | roomtone record --from - --until-end --follow-next-live
roomtone followings some.host --csv > followings.csv
\`\`\`

## For machines

Every command takes \`--json\`: JSON lines on standard output, and the failure of the command as one JSON object with
\`code\`, \`detail\`, \`remedy\` and \`evidence\` on standard error. Where several names were given, the failure of one is a line
among the results: \`{"user":"…","error":{"code":"…","message":"…"}}\`, with \`"at":"names.txt:3"\` for a line of a file.
Tables (\`--csv\`) follow RFC 4180, and text that a spreadsheet would run as a formula begins with a quote.

## On a terminal

\`live\` and \`record\` show a header with a line for each host (viewers, diamonds, bitrate, lag, segments, gaps; while it
waits, the next check), and the chat below it. \`--plain\` prints lines alone, as everything does where standard output is
no terminal. \`NO_COLOR\` takes the colour away. What strangers wrote never reaches the terminal as control characters.

## Whom it asks

Without \`--remote\`, look-ups ask TikTok from this machine, and \`watch\`, \`recordings\`, \`alerts\`, \`retention\` and
\`canary\` work on the local system's folder, whether it runs or not.

| variable | what |
|---|---|
| \`ROOMTONE_REMOTE\`, \`ROOMTONE_KEY\` | a deployed API in their place, and the key for it; as \`--remote URL\` |
| \`ROOMTONE_DATA_DIR\` | the local system's folder, as \`--dir\` |
| \`ROOMTONE_TIKTOK_COOKIES\` | a session, as a \`Cookie\` header; it goes to TikTok alone |
| \`ROOMTONE_EULER_KEY\`, \`ROOMTONE_EULER_URL\` | the signer Euler Stream |
| \`ROOMTONE_IDENTITIES\`, \`ROOMTONE_TIKTOK_COOKIES_NAME\` | what \`doctor\` looks at: identities with their proxies and sessions |
| \`ROOMTONE_DIR\` | where \`record\` puts recordings, as its \`--dir\` |
| \`ROOMTONE_FFMPEG\`, \`ROOMTONE_FFPROBE\` | the programs, where they are not on PATH |
| \`ROOMTONE_TIKTOK_WEB_URL\`, \`…_WEBCAST_URL\`, \`…_SOCKET_URL\` | another server in TikTok's place, such as the stand-in |
`;

/** The page as it is to be. */
export async function commandLinePage(): Promise<string> {
  const parts = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { load }]) => {
      const { usage } = await load();
      return `## roomtone ${name}\n\n\`\`\`text\n${usage}\n\`\`\`\n`;
    }),
  );
  const formatted = spawnSync(deno(), ["fmt", "--ext", "md", "-"], {
    cwd: ROOT,
    input: [HEAD, ...parts].join("\n"),
    encoding: "utf8",
  });
  if (formatted.status !== 0) throw new Error(`deno fmt: ${formatted.stderr}`);
  return formatted.stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await commandLinePage();
  if (!process.argv.includes("--check")) writeFileSync(FILE, text);
  else if (readFileSync(FILE, "utf8") !== text) {
    process.stdout.write("docs/command_line.md is out of date: run bun scripts/command_line.ts\n");
    process.exit(1);
  }
}
