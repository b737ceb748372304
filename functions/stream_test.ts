import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it } from "node:test";
import { streamRecord } from "../tests/fakes/lambda_events.ts";
import { packEvents } from "./core/event_batches.ts";
import { KnownPeople } from "./core/event_people.ts";
import type { EventBatch } from "./ports/event_store.ts";
import { streamUnpacker } from "./stream.ts";

describe("streamUnpacker()", () => {
  const user = { id: "5", username: "somebody", nickname: "S", badges: [] };
  const chat = (text: string) => ({ type: "chat", id: text, user, text });
  const gift = { type: "gift", id: "g", user, value: 5 };
  const batches = async (...flushes: { type: string; id: string }[][]) => {
    const people = new KnownPeople();
    const packed: EventBatch[] = [];
    for (const [i, events] of flushes.entries()) {
      const lines = events.map((event) => ({
        ...{ type: event.type, id: event.id, at: 7, diamonds: 0 },
        json: JSON.stringify(event),
      }));
      packed.push(...await packEvents(lines, { recordingId: "1", seq: i + 1, token: 1 }, people));
    }
    return packed;
  };

  it("gives the batches of an invocation with whole people, also those of invocations before", async () => {
    const [first, second, third] = await batches([chat("a")], [chat("b"), gift], [chat("c")]);
    if (first === undefined || second === undefined || third === undefined) throw new Error("there are three");
    const unpack = streamUnpacker();
    const [one, two] = await unpack([streamRecord("11", first), streamRecord("12", second)]);
    assertEquals(one, {
      ...{ sequenceNumber: "11", recordingId: "1", seq: 1, count: 1, types: { chat: 1 }, diamonds: 0, firstAt: 7 },
      ...{ lastAt: 7, events: [chat("a")] },
    });
    assertEquals(two?.events, [chat("b"), gift]);
    assertEquals((await unpack([streamRecord("13", third)]))[0]?.events, [chat("c")]);
  });

  it("gives the id of somebody whom it never saw, and the names in gifts", async () => {
    const [, second] = await batches([chat("a")], [chat("b"), gift]);
    if (second === undefined) throw new Error("there are two");
    const [batch] = await streamUnpacker()([streamRecord("12", second)]);
    const nobody = { verified: false, badges: [], moderator: false, subscriber: false, followsHost: false };
    assertEquals(batch?.events.map((event) => event["user"]), [
      { id: "5", username: "", nickname: "", ...nobody },
      { id: "5", username: "somebody", nickname: "S", ...nobody },
    ]);
  });

  it("works as the docs show it", async () => {
    const page = await readFile(new URL("../docs/deploy_aws.md", import.meta.url), "utf8");
    const example = /^```ts\n(import \{ streamUnpacker[\s\S]*?)^```$/m.exec(page)?.[1] ?? "";
    const folder = await mkdtemp(join(tmpdir(), "roomtone-"));
    try {
      const file = join(folder, "handler.ts");
      const door = JSON.stringify(new URL("./stream.ts", import.meta.url).href);
      const told = "console.log(";
      assertStringIncludes(example, told);
      await writeFile(
        file,
        `export const said: unknown[][] = [];\n${
          example.replace('"@roomtone/functions/stream"', door).replace(told, "said.push([").replace(
            "text);",
            "text]);",
          )
        }`,
      );
      const [batch] = await batches([chat("a"), gift]);
      if (batch === undefined) throw new Error("there is one");
      const program = await import(pathToFileURL(file).href);
      await program.handler({ Records: [streamRecord("1", batch)] });
      assertEquals(program.said, [["1", user, "a"]]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("passes over marks and deletions, and names a record that holds no batch", async () => {
    const [batch] = await batches([chat("a")]);
    if (batch === undefined) throw new Error("there is one");
    const mark = streamRecord("1", { ...batch, count: 0, types: {}, body: new Uint8Array() });
    const gone = { ...streamRecord("2", batch), eventName: "REMOVE" as const };
    assertEquals(await streamUnpacker()([mark, gone]), []);
    const strange = { eventName: "INSERT" as const, dynamodb: { SequenceNumber: "77" } };
    const error = await assertRejects(() => streamUnpacker()([strange]));
    assert(error instanceof TypeError);
    assertEquals(error.message, "Unpack stream record 77: it holds no event batch");
  });
});
