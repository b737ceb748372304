/**
 * Mutated messages, batches and frames through the decoders, from a seed: the same seed gives the same bytes.
 * @module
 */
import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeFetchResult, encodeMessage, encodePushFrame } from "@roomtone/sdk/testing";
import { ROOT } from "../../scripts/tools.mjs";
import { isLiveError } from "../../sdk/src/errors.ts";
import { decodeMessage } from "../../sdk/src/events/decode.ts";
import { decodeFetchResult, decodeFrame } from "../../sdk/src/wire/frames.ts";
import { MessageGenerator } from "../standin/generator.ts";
import { createRandom, type Random } from "../standin/prng.ts";
import { inventHost } from "../standin/users.ts";

/** A message to mutate. */
export interface FuzzMessage {
  method: string;
  payload: Uint8Array;
}

/** What came of a run. */
export interface FuzzResult {
  runs: number;
  /** Events by type, and `batch` and `frame` for those that decoded. */
  outcomes: Record<string, number>;
  /** LiveErrors of the frame and batch decoders. */
  refusals: number;
  /** Events whose whole message could be read. */
  whole: number;
  slowestMs: number;
  /** Number of the slowest input, to run it again. */
  slowestRun: number;
  /** What must not be: throws outside LiveError, and throws of decodeMessage. The first few, with method and bytes. */
  faults: string[];
}

const CAPTURES = join(ROOT, "../shared/captures/messages.ndjson");
const GENERATED_MESSAGES = 500;
const MAX_FAULTS = 5;
/** No mutated input is longer; the longest captured message has 100 KB. */
const MAX_BYTES = 256 * 1024;

/** The captured messages when they are at hand, and invented ones. */
export function fuzzCorpus(): { messages: FuzzMessage[]; captured: number } {
  const captured = !existsSync(CAPTURES) ? [] : readFileSync(CAPTURES, "utf8").trim().split("\n").map((line) => {
    const { method, payload } = JSON.parse(line) as { method: string; payload: string };
    return { method, payload: new Uint8Array(Buffer.from(payload, "base64")) };
  });
  const generator = new MessageGenerator("fuzz", inventHost(createRandom("fuzz/host"), "fuzz.host"), 1);
  const generated = Array.from({ length: GENERATED_MESSAGES }, () => {
    const { method, fields, common } = generator.next();
    const head = { ...common, method, msgId: "7300000000000000001", roomId: "7300000000000000000" };
    return { method, payload: encodeMessage(method as "WebcastChatMessage", { ...fields, common: head }) };
  });
  return { messages: [...captured, ...generated], captured: captured.length };
}

/**
 * Mutates and decodes.
 * @param runs inputs to try
 * @param from number of the first input; a run can be split without changing its inputs
 */
export function fuzz(messages: readonly FuzzMessage[], seed: string, runs: number, from = 0): FuzzResult {
  const result: FuzzResult = { runs, outcomes: {}, refusals: 0, whole: 0, slowestMs: 0, slowestRun: -1, faults: [] };
  const count = (outcome: string) => void (result.outcomes[outcome] = (result.outcomes[outcome] ?? 0) + 1);
  for (let run = from; run < from + runs; run++) {
    const random = createRandom(`${seed}/${run}`);
    const { method, payload } = random.pick(messages);
    const started = performance.now();
    const kind = random.int(0, 9);
    let bytes = payload;
    try {
      if (kind < 7) {
        bytes = mutate(payload, messages, random);
        const event = decodeMessage(random.chance(0.05) ? random.pick(messages).method : method, bytes);
        // All that is decoded when first read: people, badges, the whole message.
        if (event.message !== undefined) result.whole++;
        JSON.stringify(event);
        count(event.type);
      } else {
        const batch = encodeFetchResult({
          messages: [{ method, payload, id: "73" }, random.pick(messages)],
          cursor: "t-1",
          internalExt: new Uint8Array([1, 2, 3]),
          routeParams: { a: "b" },
        });
        if (kind === 7) {
          bytes = mutate(batch, messages, random);
          for (const message of decodeFetchResult(bytes).messages) decodeMessage(message.method, message.payload);
          count("batch");
        } else {
          bytes = mutate(encodePushFrame({ logId: "9", payloadType: "msg", payload: batch }), messages, random);
          decodeFrame(bytes);
          count("frame");
        }
      }
    } catch (error) {
      if (kind >= 7 && isLiveError(error)) result.refusals++;
      else if (result.faults.length < MAX_FAULTS) {
        const what = error instanceof Error ? error.stack : String(error);
        result.faults.push(`run ${run}, ${method}, ${bytes.length} bytes, kind ${kind}: ${what}`);
      }
    }
    const tookMs = performance.now() - started;
    if (tookMs > result.slowestMs) {
      result.slowestMs = tookMs;
      result.slowestRun = run;
    }
  }
  return result;
}

/** One to four changes, of the kinds that break decoders. */
function mutate(bytes: Uint8Array, messages: readonly FuzzMessage[], random: Random): Uint8Array {
  let changed: Uint8Array = bytes.slice();
  for (let change = random.int(1, 4); change > 0; change--) {
    const at = random.int(0, changed.length);
    const until = random.int(at, Math.min(changed.length, at + 64));
    switch (random.int(0, 8)) {
      case 0:
      case 1:
        if (changed.length > 0) changed[Math.min(at, changed.length - 1)] = random.int(0, 255);
        break;
      case 2:
        changed = changed.slice(0, at);
        break;
      case 3:
        changed = splice(changed, at, until, new Uint8Array(0));
        break;
      case 4:
        changed = splice(changed, at, at, Uint8Array.from({ length: random.int(1, 16) }, () => random.int(0, 255)));
        break;
      case 5:
        changed = splice(changed, at, at, changed.slice(at, until));
        break;
      case 6: {
        const other = random.pick(messages).payload;
        const start = random.int(0, other.length);
        changed = splice(changed, at, until, other.slice(start, start + random.int(0, 512)));
        break;
      }
      // A length or number of the largest kind, also one that never ends.
      case 7:
        changed = splice(changed, at, until, new Uint8Array(random.int(4, 12)).fill(0xff));
        break;
      default:
        changed = nest(changed, random.int(1, 15), random.int(1, 400));
    }
  }
  return changed.length > MAX_BYTES ? changed.slice(0, MAX_BYTES) : changed;
}

function splice(bytes: Uint8Array, from: number, to: number, put: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length - (to - from) + put.length);
  whole.set(bytes.subarray(0, from));
  whole.set(put, from);
  whole.set(bytes.subarray(to), from + put.length);
  return whole;
}

/** The bytes as one field of a message of one field of a message... */
function nest(bytes: Uint8Array, field: number, depth: number): Uint8Array {
  const heads: number[][] = [];
  let size = bytes.length;
  for (let level = 0; level < depth; level++) {
    const head = [field << 3 | 2];
    let rest = size;
    for (; rest > 0x7f; rest >>>= 7) head.push(rest & 0x7f | 0x80);
    head.push(rest);
    heads.unshift(head);
    size += head.length;
  }
  return Uint8Array.from([...heads.flat(), ...bytes]);
}
