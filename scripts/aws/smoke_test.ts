/**
 * Looks whether a deployed stage works: its open URLs answer, others want a key, and each identity's parameter says who it
 * is.
 * @module
 */
import process from "node:process";
import type { StageConfig } from "../../infra/config.ts";
import { aws } from "./cdk.ts";

/** How one thing went. */
interface Check {
  what: string;
  ok: boolean;
  found: string;
}

const TIMEOUT_MS = 35_000;

async function answer(url: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  return { status: response.status, text: await response.text() };
}

async function check(what: string, run: () => Promise<[ok: boolean, found: string]>): Promise<Check> {
  try {
    const [ok, found] = await run();
    return { what, ok, found };
  } catch (error) {
    return { what, ok: false, found: error instanceof Error ? error.message : String(error) };
  }
}

/** Who a parameter says somebody is: names of what is in it, and nothing of it. */
function identityText(config: StageConfig, parameter: string): [ok: boolean, found: string] {
  try {
    const text = aws(config, "ssm", "get-parameter", "--name", parameter, "--with-decryption");
    const { Parameter } = JSON.parse(text) as { Parameter: { Type: string; Value: string } };
    if (Parameter.Type !== "SecureString") return [false, `is a ${Parameter.Type}: make it a SecureString`];
    const parts = Object.keys(JSON.parse(Parameter.Value) as object).sort();
    return [true, parts.length === 0 ? "a guest, no proxy" : parts.join(", ")];
  } catch (error) {
    const said = error instanceof SyntaxError ? "it holds no JSON object" : String(error);
    return said.includes("ParameterNotFound") ? [true, "no such parameter: a guest, no proxy"] : [false, said];
  }
}

/**
 * Prints each check in a line.
 * @param url of the API
 * @param username somebody to look up, by `ROOMTONE_SMOKE_KEY`; without a key TikTok is not asked
 * @returns whether all went well
 */
export async function smokeTest(config: StageConfig, url: string, username = "tiktok"): Promise<boolean> {
  const key = process.env.ROOMTONE_SMOKE_KEY;
  const checks = [
    check("GET /health", async () => {
      const { status, text } = await answer(`${url}/health`);
      return [status === 200, `${status} ${text.slice(0, 80)}`];
    }),
    check("GET /openapi.json", async () => {
      const { status, text } = await answer(`${url}/openapi.json`);
      return [status === 200 && text.includes('"openapi"'), `${status}, ${text.length} bytes`];
    }),
    ...["/watchlist", "/api/links?usernames=x", "/tiktok/user-info?uniqueId=x", "/tiktok/user-followings?uniqueId=x"]
      .map((path) =>
        check(`GET ${path.split("?")[0]} without a key`, async () => {
          const { status } = await answer(`${url}${path}`);
          return [status === 401, String(status)];
        })
      ),
    ...Object.entries(config.identities).map(([who, parameter]) =>
      check(`identity ${who} (${parameter})`, () => Promise.resolve(identityText(config, parameter)))
    ),
    ...(key === undefined ? [] : [
      ["lookups", `/tiktok/user-info?uniqueId=${username}`],
      ["operator", `/tiktok/user-followings?uniqueId=${username}`],
    ].map(([who, path]) =>
      check(`TikTok asked as ${who}`, async () => {
        const { status, text } = await answer(`${url}${path}`, { "x-api-key": key });
        const { code } = JSON.parse(text) as { code?: string };
        // Without a session there are no lists: that is what was asked for.
        return [status === 200 || code === "login_required", `${status} ${code ?? ""}`];
      })
    )),
  ];
  let well = true;
  for (const { what, ok, found } of await Promise.all(checks)) {
    process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${what}: ${found}\n`);
    well &&= ok;
  }
  return well;
}
