import type { SNSClient } from "@aws-sdk/client-sns";
import { createHash } from "node:crypto";
import type { AlertMessage, AlertTarget, SendResult } from "../../ports/alert_target.ts";

/** Longest time of a try, ms. */
const TIMEOUT_MS = 10_000;

/**
 * An SNS topic. Subscriptions can filter by the attributes `kind` and `username`. In a FIFO topic the alerts of a
 * recording come in order, and what is sent again within five minutes comes once.
 * @param client is asked at the first try: processes without a topic do not load the AWS SDK
 */
export function snsTarget(
  { name, topicArn, client }: { name: string; topicArn: string; client: () => Promise<SNSClient> },
): AlertTarget {
  return {
    name,
    async send({ id, kind, username, recordingId, body }: AlertMessage): Promise<SendResult> {
      const late = AbortSignal.timeout(TIMEOUT_MS);
      const text = (value: string) => ({ DataType: "String", StringValue: value });
      const order = topicArn.endsWith(".fifo")
        ? { MessageGroupId: recordingId, MessageDeduplicationId: createHash("sha256").update(id).digest("hex") }
        : {};
      try {
        const [sns, { PublishCommand }] = await Promise.all([client(), import("@aws-sdk/client-sns")]);
        await sns.send(
          new PublishCommand({
            TopicArn: topicArn,
            Message: body,
            MessageAttributes: { kind: text(kind), username: text(username), id: text(id) },
            ...order,
          }),
          { abortSignal: late },
        );
        return { delivered: true };
      } catch (error) {
        if (late.aborted) return { delivered: false, problem: `no answer within ${TIMEOUT_MS / 1000} s`, late: true };
        return { delivered: false, problem: `SNS refused it: ${error instanceof Error ? error.name : "unknown"}` };
      }
    },
  };
}
