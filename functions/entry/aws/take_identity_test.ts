import { assert, assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { node24 } from "../../../scripts/tools.mjs";
import { type AwsServices, startAwsServices } from "../../../tests/fakes/aws_services.ts";
import { type ConnectProxy, startConnectProxy } from "../../../tests/standin/connect_proxy.ts";
import { type Standin, startStandin } from "../../../tests/standin/mod.ts";

const PARAMETER = "/roomtone/test/poller";

/** A process as those on AWS are: it becomes who it is, looks a live up and listens to it until it is connected. */
const PROGRAM = `
  import { TikTok } from "@roomtone/sdk";
  import { takeIdentity } from ${JSON.stringify(new URL("./take_identity.ts", import.meta.url).href)};
  const [, baseUrls] = process.argv;
  const lines = [];
  const logger = { info: (event, fields) => lines.push([event, fields]), warn() {}, error() {} };
  const identity = await takeIdentity({ identityParameter: ${JSON.stringify(PARAMETER)} }, logger);
  const tiktok = new TikTok({ ...identity, baseUrls: JSON.parse(baseUrls) });
  const live = tiktok.live("live.host");
  await live.connected;
  live.close();
  console.log(JSON.stringify({ lines, cookies: identity.cookies }));
  process.exit(0);
`;

describe("takeIdentity()", () => {
  let standin: Standin;
  let proxy: ConnectProxy;
  let aws: AwsServices;

  before(async () => {
    standin = await startStandin({ media: false });
    standin.room("live.host").startLive({ seed: "1" });
    const targetPort = Number(new URL(standin.baseUrls.web).port);
    proxy = await startConnectProxy({ username: "me", password: "pass", targetPort });
    aws = await startAwsServices();
  });
  after(async () => {
    await Promise.all([proxy.stop(), aws.stop(), standin.stop()]);
  });

  const run = (baseUrls: object): Promise<{ stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const child = spawn(node24(), ["--input-type=module", "-e", PROGRAM, JSON.stringify(baseUrls)], {
        cwd: new URL(".", import.meta.url),
        env: { ...aws.env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
      child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
      child.on("close", () => resolve({ stdout, stderr }));
    });

  it("sends pages and socket through the identity's proxy, and requests to AWS past it", async () => {
    aws.parameters.set(PARAMETER, JSON.stringify({ proxy: proxy.secretUrl, tiktokCookies: "sessionid=1" }));
    // Names that lead nowhere but through the proxy.
    const far = Object.fromEntries(
      Object.entries(standin.baseUrls).map((
        [name, url],
      ) => [name, url.replace(/127\.0\.0\.1|localhost/, `${name}.test`)]),
    );
    const { stdout, stderr } = await run(far);
    assert(stdout !== "", stderr);
    assertEquals(JSON.parse(stdout), {
      lines: [["identity_read", { loggedIn: true, signs: false, proxied: true }]],
      cookies: "sessionid=1",
    });
    const hosts = new Set(proxy.requests.map(({ method, target }) => `${method} ${target.split(":")[0]}`));
    for (const name of ["web", "socket"]) assert(hosts.has(`CONNECT ${name}.test`), [...hosts].join(", "));
    assert(proxy.requests.every(({ authorised }) => authorised));
    assertEquals(aws.calls, ["ssm:GetParameter"]);
  });

  it("is a guest without a proxy where there is no such parameter", async () => {
    aws.parameters.clear();
    proxy.forget();
    const { stdout, stderr } = await run(standin.baseUrls);
    assert(stdout !== "", stderr);
    assertEquals(JSON.parse(stdout).lines, [["identity_read", { loggedIn: false, signs: false, proxied: false }]]);
    assertEquals(proxy.requests, []);
  });
});
