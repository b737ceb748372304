import { SSMClient } from "@aws-sdk/client-ssm";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { type AwsServices, startAwsServices } from "../../../tests/fakes/aws_services.ts";
import { readIdentity } from "./ssm_identity.ts";

const NAME = "/roomtone/test/identity";

describe("readIdentity()", () => {
  let aws: AwsServices;
  let client: SSMClient;

  before(async () => {
    aws = await startAwsServices();
    client = new SSMClient({
      endpoint: aws.env.AWS_ENDPOINT_URL_SSM,
      region: "local",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
  });
  after(async () => {
    client.destroy();
    await aws.stop();
  });

  it("reads proxy, session and signer key, any of them or none", async () => {
    assertEquals(await readIdentity(NAME, client), {});
    const proxy = "http://me:secret@proxy.example:3128";
    for (const identity of [{ proxy, tiktokCookies: "sessionid=1", eulerKey: "k" }, { eulerKey: "k" }, { proxy }, {}]) {
      aws.parameters.set(NAME, JSON.stringify(identity));
      assertEquals(await readIdentity(NAME, client), identity);
    }
  });

  it("shows nothing of a parameter that is something else", async () => {
    for (
      const text of [
        "sessionid=my-secret",
        '{"tiktokCookie":"my-secret"}',
        '{"eulerKey":["my-secret"]}',
        '{"proxy":"my-secret"}',
        "null",
      ]
    ) {
      aws.parameters.set(NAME, text);
      const error = await assertRejects(() => readIdentity(NAME, client));
      assert(error instanceof TypeError && error.message.includes(NAME), String(error));
      assert(!`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`.includes("my-secret"));
    }
  });

  it("fails when the parameter cannot be read", async () => {
    const away = new SSMClient({
      endpoint: "http://127.0.0.1:1",
      region: "local",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      maxAttempts: 1,
    });
    await assertRejects(() => readIdentity(NAME, away));
    away.destroy();
  });
});
