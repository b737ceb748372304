import { type Fetch, normaliseUsername } from "@roomtone/sdk";
import process from "node:process";
import { parseArgs } from "node:util";
import { probeAddress } from "../doctor/addresses.ts";
import { checkEgress } from "../doctor/egress.ts";
import type { Finding } from "../doctor/finding.ts";
import { readIdentities } from "../doctor/identities.ts";
import { checkClock, checkDisk, checkFfmpeg, checkProxy, checkRuntime, freeBytesOf } from "../doctor/machine.ts";
import { plain } from "../format.ts";
import type { CliIo } from "../io.ts";
import { clientOptions, onlyName } from "../options.ts";

/** Shown by `roomtone doctor --help`. */
export const usage = `roomtone doctor [NAME] [--identity NAME=PROXY_URL]... [--json]
  Looks whether this machine can do the work: runtime, ffmpeg and its codecs, disk, proxy, clock, and what TikTok answers.
  With NAME, a host who is live, it also enters the room by each route, in order, and reads the first bytes of the stream.
  egress tells whether pages, API, socket and media leave this machine by the same way, and what cannot be known of it
  here. It sends less than a dozen requests for each identity: that of the environment (ROOMTONE_TIKTOK_COOKIES,
  ROOMTONE_EULER_KEY), or those that are named.
  --identity NAME=PROXY_URL
           an identity with a proxy, such as de=http://user:password@proxy.example:3128, or home=direct; may be repeated.
           ROOMTONE_IDENTITIES lists them, too, with spaces between; the session of one is in
           ROOMTONE_TIKTOK_COOKIES_NAME, its name in capitals
  --json   one JSON object a finding: identity, check, state (ok, warning, failed, skipped), detail, remedy, code, evidence
  Exit code 1: something needed does not work, and the line says what to do.

  Examples:
    roomtone doctor
    roomtone doctor some.host --json
    roomtone doctor some.host --identity home=direct --identity de=http://proxy.example:3128`;

/** Time for one check. */
const TIMEOUT_MS = 10_000;
const MARKS: Record<Finding["state"], string> = { ok: "ok  ", warning: "warn", failed: "FAIL", skipped: "-   " };

/** Looks at the machine, then at what TikTok answers it; 1 when something needed does not work. */
export async function run(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean" }, identity: { type: "string", multiple: true } },
  });
  const name = positionals.length === 0 ? undefined : normaliseUsername(onlyName(positionals, usage));
  const identities = await readIdentities(values.identity, io, usage);
  const client = clientOptions(io);
  const secrets = secretsOf(io.env, values.identity);
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
  const { signal } = io;
  for (const { name: identity, proxy, options } of identities) {
    if (identity !== undefined && !values.json) {
      io.out(plain(`identity ${identity}: ${proxy === undefined ? "directly" : `through ${proxy}`}`));
    }
    const of = { ...client, ...options, fetch: timing(offsetsMs, io, options.fetch ?? fetch) };
    const egress = { client: of, name, signal, timeoutMs: TIMEOUT_MS, proxy, probe: probeAddress };
    for await (const finding of checkEgress(egress)) {
      tell({ ...(identity === undefined ? {} : { identity }), ...finding });
    }
  }
  tell(checkClock(offsetsMs));
  if (!values.json) io.out(failed ? "something needed does not work" : "all that is needed works");
  return failed ? 1 : 0;
}

/** A fetch that also notes how far this clock is ahead of each answer's. */
function timing(offsetsMs: number[], io: CliIo, ask: Fetch): Fetch {
  return async (url, init) => {
    const sentAt = io.now();
    const response = await ask(url, init);
    // A date tells the second that has begun; half of one is the best guess.
    const at = Date.parse(response.headers.get("date") ?? "") + 500;
    if (Number.isFinite(at)) offsetsMs.push((sentAt + io.now()) / 2 - at);
    return response;
  };
}

/** What must not be shown: cookies, keys, and passwords of proxies. Shorter texts are no secrets. */
function secretsOf(env: CliIo["env"], identities: readonly string[] = []): string[] {
  const named = (pattern: RegExp) =>
    Object.entries(env).flatMap(([name, value]) => pattern.test(name) ? [value ?? ""] : []);
  const cookies = named(/^ROOMTONE_TIKTOK_COOKIES/);
  const values = cookies.flatMap((each) => each.split(";")).map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
  const listed = [...identities, ...(env["ROOMTONE_IDENTITIES"] ?? "").split(/[\s,]+/)];
  const proxies = [...named(/_proxy$/i), ...listed.map((each) => each.slice(each.indexOf("=") + 1))];
  const passwords = proxies.map((url) => URL.parse(url)?.password ?? "");
  const keys = [env["ROOMTONE_EULER_KEY"] ?? "", env["ROOMTONE_KEY"] ?? ""];
  const all = [...cookies, ...values, ...keys, ...proxies.filter((url) => url.includes("@")), ...passwords];
  return all.filter((text) => text.length >= 8).sort((a, b) => b.length - a.length);
}
