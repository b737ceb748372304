/**
 * One side-by-side run of the two decoders in one runtime; started by decode.ts, which reads the JSON it prints.
 *
 * Arguments: the folder of the connector's package, the file with messages (NDJSON of method and base64 payload), the
 * number of rounds.
 * @module
 */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { decodeMessage } from "../../sdk/src/events/decode.ts";
import type { User, WireEvent } from "../../sdk/src/events/types.ts";

interface Message {
  method: string;
  bytes: Uint8Array;
}

/** Answer of one runtime. The rates are messages per second, one for each round. */
export interface WorkerResult {
  ours: number[];
  /** Ours with the names of all top viewers of the viewer counts read, too. */
  oursWithTopNames: number[];
  /** Ours with `event.message`: every field of the message decoded. */
  oursWhole: number[];
  connector: number[];
}

const [connectorDir = "", messagesFile = "", rounds = "0"] = process.argv.slice(2);

const messages: Message[] = readFileSync(messagesFile, "utf8").trim().split("\n").map((line) => {
  const { method, payload } = JSON.parse(line) as { method: string; payload: string };
  return { method, bytes: new Uint8Array(Buffer.from(payload, "base64")) };
});

/** Milliseconds that one side runs within one round. */
const ROUND_MS = 500;

/** What was read, so that no engine may leave the reading out. */
let sum = 0;
let withTopNames = false;

function readUser(user: User): void {
  sum += user.id.length + user.username.length + user.nickname.length;
}

/** Reads what an event is for: its head, its person by id and names, and its own fields. */
function readEvent(event: WireEvent): void {
  sum += event.id.length + event.roomId.length + event.at;
  switch (event.type) {
    case "chat":
      readUser(event.user);
      sum += event.text.length + event.language.length + event.emotes.length + event.mentions.length;
      break;
    case "gift":
      readUser(event.user);
      sum += event.giftId.length + event.name.length + event.describe.length + event.giftType + event.diamonds;
      sum += event.count + event.total + event.value + event.streak.id.length + (event.streak.ended ? 1 : 0);
      sum += (event.imageUrl?.length ?? 0) + (event.to === undefined ? 0 : 1);
      break;
    case "join":
      readUser(event.user);
      sum += event.viewers + event.joinedThrough.length;
      break;
    case "follow":
      readUser(event.user);
      sum += event.followers;
      break;
    case "share":
      readUser(event.user);
      sum += event.sharedTo.length + event.joined;
      break;
    case "like":
      readUser(event.user);
      sum += event.count + event.total + event.displayType.length + event.label.length;
      break;
    case "viewers":
      sum += event.count + event.total;
      for (const { rank, score, user } of event.top) {
        sum += rank + score;
        if (withTopNames) readUser(user);
      }
      break;
    default:
      throw new Error(`decoding a core message gave a ${event.type} event`);
  }
}
function decodeOurs({ method, bytes }: Message): void {
  readEvent(decodeMessage(method, bytes));
}

function decodeWhole({ method, bytes }: Message): void {
  if (decodeMessage(method, bytes).message !== undefined) sum++;
}

/** Messages per second over all messages, again and again for {@link ROUND_MS}. */
function measure(decode: (message: Message) => void): number {
  const start = performance.now();
  let passes = 0;
  let elapsed = 0;
  do {
    for (const message of messages) decode(message);
    passes++;
    elapsed = performance.now() - start;
  } while (elapsed < ROUND_MS);
  return messages.length * passes / elapsed * 1000;
}

const connector = await import(pathToFileURL(`${connectorDir}/dist/index.js`).href) as {
  deserializeMessage(method: string, bytes: Uint8Array): unknown;
};
const decodeTheirs = ({ method, bytes }: Message): void => {
  if (connector.deserializeMessage(method, bytes)) sum++;
};

const result: WorkerResult = { ours: [], oursWithTopNames: [], oursWhole: [], connector: [] };
const sides: [rates: number[], decode: (message: Message) => void, topNames: boolean][] = [
  [result.ours, decodeOurs, false],
  [result.oursWithTopNames, decodeOurs, true],
  [result.oursWhole, decodeWhole, false],
  [result.connector, decodeTheirs, false],
];
// The first round warms up. In each round every side runs, so that a busy machine slows all of them down.
for (let round = 0; round <= Number(rounds); round++) {
  for (const [rates, decode, topNames] of sides) {
    withTopNames = topNames;
    const rate = measure(decode);
    if (round > 0) rates.push(rate);
  }
}
if (!(sum > 0)) throw new Error("nothing was read");
process.stdout.write(JSON.stringify(result));
