import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { assert, assertEquals } from "@std/assert";
import { after, before, describe, it } from "node:test";
import { startMoto } from "../../../tests/engines/moto.ts";
import { until } from "../../../tests/fakes/manual_clock.ts";
import { startReceiver, type WebhookReceiver } from "../../../tests/fakes/webhook_receiver.ts";
import type { AlertMessage } from "../../ports/alert_target.ts";
import { snsTarget } from "./sns_target.ts";

const MESSAGE: AlertMessage = {
  ...{ id: "live_started:7", kind: "live_started", recordingId: "7", username: "some.host", body: '{"version":1}' },
};

const { engine, skipped } = await startMoto();

describe("snsTarget()", () => {
  if (engine === undefined) return it(`SKIPPED: ${skipped}`, { skip: skipped }, () => {});

  let sns: SNSClient;
  let receiver: WebhookReceiver;
  before(async () => {
    sns = new SNSClient({
      ...{ region: "us-east-1", endpoint: engine.endpoint, maxAttempts: 1 },
      credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "not-a-secret" },
    });
    receiver = await startReceiver();
  });
  after(async () => {
    sns.destroy();
    await receiver.stop();
    await engine.stop();
  });

  const client = () => Promise.resolve(sns);
  const topic = async (name: string, attributes?: Record<string, string>) => {
    const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name: name, Attributes: attributes }));
    return TopicArn;
  };

  it("publishes the body, with attributes to filter by", async () => {
    const topicArn = await topic("lives");
    const subscribe = (path: string, filter: Record<string, string[]>) => {
      const Endpoint = `http://127.0.0.1:${receiver.port}/${path}`;
      const Attributes = { FilterPolicy: JSON.stringify(filter) };
      return sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: "http", Endpoint, Attributes }));
    };
    await subscribe("gifts", { kind: ["gift_over"] });
    await subscribe("mine", { kind: ["live_started"], username: ["some.host"], id: ["live_started:7"] });
    assertEquals(await snsTarget({ name: "topic", topicArn, client }).send(MESSAGE), { delivered: true });
    const got = () =>
      receiver.hooks.flatMap(({ path, body }) => {
        const { Type, Message } = JSON.parse(body) as Record<string, string>;
        return Type === "Notification" ? [[path, Message]] : [];
      });
    await until(() => got().length > 0);
    assertEquals(got(), [["/mine", MESSAGE.body]]);
  });

  it("gives a FIFO topic what it wants for order and for knowing what comes again", async () => {
    const topicArn = await topic("lives.fifo", { FifoTopic: "true" });
    assertEquals(await snsTarget({ name: "topic", topicArn, client }).send(MESSAGE), { delivered: true });
  });

  it("tells what SNS refused, without addresses", async () => {
    const topicArn = "arn:aws:sns:us-east-1:123456789012:nothing";
    const result = await snsTarget({ name: "topic", topicArn, client }).send(MESSAGE);
    assert(!result.delivered);
    assertEquals(result.problem, "SNS refused it: NotFoundException");
  });
});
