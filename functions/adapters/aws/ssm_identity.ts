import type { SSMClient } from "@aws-sdk/client-ssm";
import * as v from "valibot";
import { readParameter } from "./ssm_parameter.ts";

/** What the parameter holds, as JSON. */
const Identity = v.pipe(
  v.string(),
  v.parseJson(),
  v.strictObject({
    /** Such as `http://user:password@host:3128`. */
    proxy: v.optional(v.pipe(v.string(), v.check((text) => /^https?:\/\//.test(text) && URL.canParse(text)))),
    tiktokCookies: v.optional(v.string()),
    eulerKey: v.optional(v.string()),
  }),
);

/** The secrets of who asks TikTok. */
export type Identity = v.InferOutput<typeof Identity>;

/**
 * Reads an identity, which is a proxy, a session and a signer key, from a SecureString parameter of Systems Manager.
 * @param name of the parameter
 * @returns nothing of them when there is no such parameter
 * @throws TypeError that shows nothing of its text, when it is not what it should be
 */
export async function readIdentity(name: string, client?: SSMClient): Promise<Identity> {
  const text = await readParameter(name, client);
  if (text === undefined) return {};
  const found = v.safeParse(Identity, text);
  if (found.success) return found.output;
  throw new TypeError(
    `Read the parameter ${name}: it is no JSON object of proxy (a URL), tiktokCookies and eulerKey, all text`,
  );
}
