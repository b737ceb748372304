import type { SSMClient } from "@aws-sdk/client-ssm";

/**
 * Reads a SecureString parameter of Systems Manager. The AWS client is loaded by the first call: functions that have no
 * use for it do not pay for it.
 * @returns `undefined` when there is no such parameter
 */
export async function readParameter(name: string, client?: SSMClient): Promise<string | undefined> {
  const { GetParameterCommand, ParameterNotFound, SSMClient } = await import("@aws-sdk/client-ssm");
  const ssm = client ?? new SSMClient({});
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return Parameter?.Value ?? "";
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}
