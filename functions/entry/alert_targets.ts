import { snsTarget } from "../adapters/aws/sns_target.ts";
import { readParameter } from "../adapters/aws/ssm_parameter.ts";
import { readSecret } from "../adapters/webhook/signature.ts";
import { webhookTarget } from "../adapters/webhook/webhook_target.ts";
import type { AlertsPolicy, WebhookTarget } from "../contract/alerts.ts";
import type { WantingTarget } from "../core/deliver_alerts.ts";
import { once } from "../core/once.ts";

/**
 * The targets that a policy names, with their secrets.
 * @param env where `secretEnv` is looked up
 * @throws TypeError that names the target and where its secret should be, and shows nothing of it
 */
export async function openAlertTargets(
  { targets, allowLoopback }: AlertsPolicy,
  env: Readonly<Record<string, string | undefined>>,
): Promise<WantingTarget[]> {
  return await Promise.all(targets.map(async (target): Promise<WantingTarget> => {
    const { name, kinds, hosts } = target;
    const wants = { kinds, hosts };
    if ("topicArn" in target) {
      const { topicArn } = target;
      const client = once(async () => {
        const { SNSClient } = await import("@aws-sdk/client-sns");
        return new SNSClient({ region: topicArn.split(":")[3] });
      });
      return { ...wants, ...snsTarget({ name, topicArn, client }) };
    }
    const secret = await secretOf(target, env);
    return { ...wants, ...webhookTarget({ name, url: target.url, secret, allowLoopback }) };
  }));
}

async function secretOf(
  { name, secretEnv, secretParameter = "" }: WebhookTarget,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Uint8Array> {
  const from = secretEnv ?? secretParameter;
  const text = secretEnv === undefined ? await readParameter(secretParameter) : env[secretEnv];
  if (text === undefined) throw new TypeError(`Open the alert target ${name}: there is no secret in ${from}`);
  return readSecret(text, from);
}
