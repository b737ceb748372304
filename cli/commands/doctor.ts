import type { Fetch } from "@roomtone/sdk";
import process from "node:process";
import { parseArgs } from "node:util";
import { checkEgress } from "../doctor/egress.ts";
import type { Finding } from "../doctor/finding.ts";
import { checkClock, checkDisk, checkFfmpeg, checkProxy, checkRuntime, freeBytesOf } from "../doctor/machine.ts";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { clientOptions, onlyName } from "../options.ts";

/** Shown by `roomtone doctor --help`. */
export const usage = `roomtone doctor [NAME] [--json]
  Looks whether this machine can do the work: runtime, ffmpeg, disk, proxy, clock, and what TikTok answers it.
  With NAME, a host who is live, it also enters the room by each route and reads the first bytes of the stream.
  It sends less than a dozen requests, under the identity of the environment (ROOMTONE_TIKTOK_COOKIES,
  ROOMTONE_EULER_KEY). Exit code 1: something needed does not work, and the line says what to do.
  --json   one JSON object a finding: check, state (ok, warning, failed, skipped), detail, remedy, code, evidence

  Example: roomtone doctor some.host`;

/** Time for one check. */
const TIMEOUT_MS = 10_000;
const MARKS: Record<Finding["state"], string> = { ok: "ok  ", warning: "warn", failed: "FAIL", skipped: "-   " };

/** Looks at the machine, then at what TikTok answers it; 1 when something needed does not work. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: "boolean" } } });
  const name = positionals.length === 0 ? undefined : onlyName(positionals, usage).replace(/^@/, "");
  const client = clientOptions(io);
  const secrets = secretsOf(io.env);
  const hide = (text: string): string => secrets.reduce((left, secret) => left.replaceAll(secret, "***"), text);
  let failed = false;
  const tell = (finding: Finding): void => {
    failed ||= finding.state === "failed";
    if (values.json) return io.out(hide(JSON.stringify(finding)));
    const code = finding.code === undefined ? "" : `${finding.code}: `;
    io.out(plain(hide(`${MARKS[finding.state]} ${finding.check.padEnd(13)} ${code}${finding.detail}`)));
    const seen = JSON.stringify(finding.evidence ?? {});
    if (seen !== "{}") io.out(plain(hide(`     seen: ${seen}`)));
    if (finding.remedy !== undefined) io.out(plain(hide(`     to do: ${finding.remedy}`)));
  };

  tell(await checkRuntime(process.versions, `${process.platform} ${process.arch}`));
  for (const finding of await checkFfmpeg(io.env)) tell(finding);
  tell(await checkDisk(io.env["ROOMTONE_DATA_DIR"] || "roomtone-data", freeBytesOf));
  tell(checkProxy(io.env, process.versions));
  const offsetsMs: number[] = [];
  const fetch = timing(offsetsMs, io);
  const { signal } = io;
  for await (const finding of checkEgress({ client: { ...client, fetch }, name, signal, timeoutMs: TIMEOUT_MS })) {
    tell(finding);
  }
  tell(checkClock(offsetsMs));
  if (!values.json) io.out(failed ? "something needed does not work" : "all that is needed works");
  return failed ? 1 : 0;
}

/** The host's fetch, which also notes how far this clock is ahead of each answer's. */
function timing(offsetsMs: number[], io: CliIo): Fetch {
  return async (url, init) => {
    const sentAt = io.now();
    const response = await fetch(url, init);
    // A date tells the second that has begun; half of one is the best guess.
    const at = Date.parse(response.headers.get("date") ?? "") + 500;
    if (Number.isFinite(at)) offsetsMs.push((sentAt + io.now()) / 2 - at);
    return response;
  };
}

/** What must not be shown: cookies, keys, and passwords of proxies. Shorter texts are no secrets. */
function secretsOf(env: CliIo["env"]): string[] {
  const cookies = env["ROOMTONE_TIKTOK_COOKIES"] ?? "";
  const values = cookies.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
  const proxies = Object.entries(env).filter(([name]) => /_proxy$/i.test(name)).map(([, url]) => url ?? "");
  const all = [cookies, ...values, env["ROOMTONE_EULER_KEY"] ?? "", env["ROOMTONE_KEY"] ?? "", ...proxies];
  return all.filter((text) => text.length >= 8).sort((a, b) => b.length - a.length);
}
