import type { SSMClient } from "@aws-sdk/client-ssm";
import * as v from "valibot";

/** What the parameter holds, as JSON. */
const Identity = v.pipe(
  v.string(),
  v.parseJson(),
  v.strictObject({ tiktokCookies: v.optional(v.string()), eulerKey: v.optional(v.string()) }),
);

/** The secrets of who asks TikTok. */
export type Identity = v.InferOutput<typeof Identity>;

/**
 * Reads the operator's session and signer key from a SecureString parameter of Systems Manager. The AWS client is loaded
 * by the first call: functions that have no use for it do not pay for it.
 * @param name of the parameter
 * @returns nothing of either when there is no such parameter
 * @throws TypeError that shows nothing of its text, when it is not what it should be
 */
export async function readIdentity(name: string, client?: SSMClient): Promise<Identity> {
  const { GetParameterCommand, ParameterNotFound, SSMClient } = await import("@aws-sdk/client-ssm");
  const ssm = client ?? new SSMClient({});
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    const found = v.safeParse(Identity, Parameter?.Value);
    if (found.success) return found.output;
  } catch (error) {
    if (error instanceof ParameterNotFound) return {};
    throw error;
  }
  throw new TypeError(`Read the parameter ${name}: it is no JSON object of tiktokCookies and eulerKey, both text`);
}
