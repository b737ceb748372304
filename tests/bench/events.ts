/**
 * What storing events costs: write units of DynamoDB for a busy and a quiet room, and how many events a second go into
 * SQLite and into DynamoDB Local. Exits with 1 when a target is missed.
 * @module
 */
import { type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { dynamoEvents } from "../../functions/adapters/aws/dynamo_events.ts";
import { dynamoStore } from "../../functions/adapters/aws/dynamo_store.ts";
import { systemClock } from "../../functions/adapters/local/system_clock.ts";
import { sqliteStore } from "../../functions/adapters/local/sqlite_store.ts";
import { loadConfig, LocalConfig } from "../../functions/contract/config.ts";
import { packEvents } from "../../functions/core/event_batches.ts";
import { KnownPeople } from "../../functions/core/event_people.ts";
import type { EventLine } from "../../functions/ports/recorder.ts";
import type { EventStore } from "../../functions/ports/event_store.ts";
import { startDynamoDbLocal } from "../engines/dynamodb_local.ts";
import { freshTable } from "../engines/dynamodb_table.ts";
import { type ArrivedEvent, capturedRoom, generatedRoom } from "./events_rooms.ts";

/** Units of 1 KB for 10 events of a busy room; one where nobody comes twice is printed beside it. */
const MAX_UNITS = 1.2;
const MIN_SQLITE_PER_SECOND = 20_000;
const BUSY_PER_SECOND = 17;
const QUIET_PER_SECOND = 1;
const MINUTES = 30;
const SPEED_RECORDINGS = 8;

const { flushMs, flushEvents } = loadConfig(LocalConfig, {});
let met = true;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Events in the flushes of a recording. */
function flushes(events: readonly ArrivedEvent[]): { atMs: number; lines: EventLine[] }[] {
  const found: { atMs: number; lines: EventLine[] }[] = [];
  let lines: EventLine[] = [];
  let nextMs = flushMs;
  for (const { atMs, line } of events) {
    for (; atMs > nextMs; nextMs += flushMs) {
      if (lines.length > 0) found.push({ atMs: nextMs, lines });
      lines = [];
    }
    lines.push(line);
    if (lines.length >= flushEvents) {
      found.push({ atMs, lines });
      lines = [];
    }
  }
  return lines.length === 0 ? found : [...found, { atMs: nextMs, lines }];
}

/** Stores a room's events, and gives the items that go to DynamoDB with the time of their flush. */
async function itemsOf(events: readonly ArrivedEvent[]): Promise<{ atMs: number; count: number; bytes: number }[]> {
  const items: { atMs: number; count: number; bytes: number }[] = [];
  let atMs = 0;
  const client = {
    send(command: unknown) {
      if (!(command instanceof PutItemCommand)) throw new TypeError("an event log only puts items");
      const item = (command.input.Item ?? {}) as Record<string, Attribute>;
      items.push({ atMs, count: Number(item["count"]?.N), bytes: attributesBytes(item) });
      return Promise.resolve({});
    },
  } as unknown as DynamoDBClient;
  const store = dynamoEvents({ client, name: "events", clock: systemClock, random: Math.random });
  const people = new KnownPeople();
  let seq = 2;
  let told = 0;
  for (const flush of flushes(events)) {
    ({ atMs } = flush);
    told += flush.lines.length;
    for (const batch of await packEvents(flush.lines, { recordingId: "7300000000000000001", seq, token: 1 }, people)) {
      await store.appendEvents({ ...batch, upTo: `1-${told}` });
      seq++;
    }
  }
  return items;
}

type Attribute = { S?: string; N?: string; B?: Uint8Array; M?: Record<string, Attribute> };

/** Size of an item as DynamoDB counts it: names and values; a map has 3 bytes and one for each entry. */
function attributesBytes(attributes: Record<string, Attribute>): number {
  let bytes = 0;
  for (const [name, { S, N, B, M }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name);
    if (S !== undefined) bytes += Buffer.byteLength(S);
    if (N !== undefined) bytes += Math.ceil(N.replace(/^-?0*|0+$/g, "").length / 2) + 1;
    if (B !== undefined) bytes += B.length;
    if (M !== undefined) bytes += 3 + Object.keys(M).length + attributesBytes(M);
  }
  return bytes;
}

const unitsFor10 = (items: readonly { count: number; bytes: number }[]): number => {
  const count = items.reduce((sum, item) => sum + item.count, 0);
  return items.reduce((sum, { bytes }) => sum + Math.ceil(bytes / 1024), 0) / count * 10;
};

async function cost(name: string, events: readonly ArrivedEvent[], most?: number): Promise<void> {
  const items = await itemsOf(events);
  const units = unitsFor10(items);
  const first = unitsFor10(items.filter(({ atMs }) => atMs <= 300_000));
  const perEvent = items.reduce((sum, { bytes }) => sum + bytes, 0) / events.length;
  const missed = most !== undefined && units > most ? "  MISSED" : "";
  if (missed !== "") met = false;
  print(
    `${name.padEnd(48)} ${String(events.length).padStart(6)} ${perEvent.toFixed(0).padStart(7)} ${
      first.toFixed(2).padStart(9)
    } ${units.toFixed(2).padStart(7)}${missed}`,
  );
}

function thousands(rate: number): string {
  return Math.round(rate).toLocaleString("en");
}

async function speed(name: string, store: EventStore, lines: readonly EventLine[], least?: number): Promise<void> {
  const rooms = Array.from({ length: SPEED_RECORDINGS }, (_, i) => ({
    ...{ recordingId: `730000000000000000${i}`, seq: 2, token: 1 },
    people: new KnownPeople(),
  }));
  const from = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(rooms.map(async (room, index) => {
    const { people, ...place } = room;
    await store.openEvents(place, 1);
    const own = lines.filter((_, i) => i % SPEED_RECORDINGS === index);
    for (let at = 0; at < own.length; at += flushEvents) {
      for (const batch of await packEvents(own.slice(at, at + flushEvents), place, people)) {
        await store.appendEvents(batch);
        place.seq++;
      }
    }
  }));
  const perSecond = lines.length / (performance.now() - from) * 1000;
  const { user, system } = process.cpuUsage(cpu);
  const missed = least !== undefined && perSecond < least ? "  MISSED" : "";
  if (missed !== "") met = false;
  const [whole, ofCore] = [perSecond, lines.length / (user + system) * 1e6].map((rate) => thousands(rate));
  print(`${name.padEnd(48)} ${whole} events a second, ${ofCore} for a second of one core${missed}`);
}

const durationMs = MINUTES * 60_000;
const busy = generatedRoom({ perSecond: BUSY_PER_SECOND, durationMs });
print(
  `write units (1 KB) for 10 events, ${MINUTES} minutes; a flush each ${flushMs / 1000} s or ${flushEvents} events`,
);
print(`${" ".repeat(48)} events B/event  first 5'     all`);
await cost(`busy room, ${BUSY_PER_SECOND} events a second`, busy, MAX_UNITS);
const passing = generatedRoom({ perSecond: BUSY_PER_SECOND, durationMs, passing: true });
await cost("the same, nobody who joins was there before", passing);
const captured = capturedRoom({ perSecond: BUSY_PER_SECOND, durationMs });
if (captured === undefined) print("captures are not at hand: their room is left out");
else await cost("captured messages with the busy room's mix", captured, MAX_UNITS);
await cost(
  `quiet room, ${QUIET_PER_SECOND} event a second`,
  generatedRoom({ perSecond: QUIET_PER_SECOND, durationMs }),
);
print(`target: at most ${MAX_UNITS} for busy rooms`);

print(`\npacked and stored by one process, ${SPEED_RECORDINGS} recordings, ${flushEvents} events a batch`);
const lines = busy.map(({ line }) => line);
const folder = mkdtempSync(join(tmpdir(), "roomtone-bench-"));
const sqlite = sqliteStore(join(folder, "store.sqlite"));
try {
  await speed("SQLite", sqlite, lines, MIN_SQLITE_PER_SECOND);
} finally {
  sqlite.close();
  rmSync(folder, { recursive: true, force: true });
}
const { engine, skipped } = await startDynamoDbLocal();
if (engine === undefined) print(skipped);
else {
  const table = await freshTable(engine.endpoint);
  try {
    const store = dynamoStore({
      client: table.connect(),
      name: table.name,
      clock: systemClock,
      random: Math.random,
    });
    await speed("DynamoDB Local", store, lines);
  } finally {
    await table.close();
    await engine.stop();
  }
}
print(`target: at least ${thousands(MIN_SQLITE_PER_SECOND)} events a second into SQLite`);
process.exit(met ? 0 : 1);
