/**
 * The few boxes of fragmented MP4 (ISO/IEC 14496-12) that a recording has to read and write: every ffmpeg starts its
 * clock at 0, and a recording of many parts needs one clock.
 * @module
 */

/** A track of an init segment. */
export interface Mp4Track {
  id: number;
  kind: "video" | "audio" | "other";
  /** Ticks per second. */
  timescale: number;
}

/** What a media segment holds of one track. */
export interface TrackSpan {
  /** Decode time of its first sample, ticks. */
  start: bigint;
  /** Decode time of its last sample, ticks. */
  last: bigint;
  /** Decode time at which its last sample ends, ticks. */
  end: bigint;
}

interface Box {
  type: string;
  /** Place of the box in the file. */
  at: number;
  /** Place of its content. */
  start: number;
  end: number;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Boxes between two places; `undefined` when they do not fill it exactly. */
function boxesIn(bytes: Uint8Array, from: number, to: number): Box[] | undefined {
  const view = viewOf(bytes);
  const found: Box[] = [];
  let at = from;
  while (at < to) {
    if (at + 8 > to) return undefined;
    const short = view.getUint32(at);
    const head = short === 1 ? 16 : 8;
    if (at + head > to) return undefined;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? to - at : short;
    if (size < head || at + size > to) return undefined;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    found.push({ type, at, start: at + head, end: at + size });
    at += size;
  }
  return found;
}

function inside(bytes: Uint8Array, box: Box | undefined, type: string): Box[] {
  return box === undefined ? [] : (boxesIn(bytes, box.start, box.end) ?? []).filter((inner) => inner.type === type);
}

function path(bytes: Uint8Array, box: Box | undefined, ...types: string[]): Box | undefined {
  return types.reduce<Box | undefined>((found, type) => inside(bytes, found, type)[0], box);
}

/** Whether a box has that much content. */
const holds = (box: Box, length: number): boolean => box.end - box.start >= length;

function rename(bytes: Uint8Array, box: Box, type: string): void {
  for (let i = 0; i < 4; i++) bytes[box.at + 4 + i] = type.charCodeAt(i);
}

/** Tracks of an init segment; `undefined` when it is not one, or not whole. */
export function readInit(bytes: Uint8Array): Mp4Track[] | undefined {
  const moov = boxesIn(bytes, 0, bytes.length)?.find((box) => box.type === "moov");
  if (moov === undefined) return undefined;
  const view = viewOf(bytes);
  const tracks = inside(bytes, moov, "trak").flatMap((trak): Mp4Track[] => {
    const [tkhd, mdhd, hdlr] = [["tkhd"], ["mdia", "mdhd"], ["mdia", "hdlr"]].map((way) => path(bytes, trak, ...way));
    if (tkhd === undefined || mdhd === undefined || hdlr === undefined) return [];
    if (!holds(tkhd, 24) || !holds(mdhd, 24) || !holds(hdlr, 12)) return [];
    const id = view.getUint32(tkhd.start + (bytes[tkhd.start] === 1 ? 20 : 12));
    const timescale = view.getUint32(mdhd.start + (bytes[mdhd.start] === 1 ? 20 : 12));
    const handler = String.fromCharCode(...bytes.subarray(hdlr.start + 8, hdlr.start + 12));
    const kind = handler === "vide" ? "video" : handler === "soun" ? "audio" : "other";
    return [{ id, kind, timescale }];
  });
  return tracks.length === 0 || tracks.some((track) => track.timescale === 0) ? undefined : tracks;
}

/** Width and height of an init segment's picture, even numbers; `undefined` when it has none. */
export function pictureSize(bytes: Uint8Array): { width: number; height: number } | undefined {
  const moov = boxesIn(bytes, 0, bytes.length)?.find((box) => box.type === "moov");
  const view = viewOf(bytes);
  for (const tkhd of inside(bytes, moov, "trak").map((trak) => path(bytes, trak, "tkhd"))) {
    if (tkhd === undefined || !holds(tkhd, 84)) continue;
    // Fixed-point numbers of 16 + 16 bits at the end of the box.
    const [width = 0, height = 0] = [8, 4].map((back) => view.getUint16(tkhd.end - back) & ~1);
    if (width > 0 && height > 0) return { width, height };
  }
  return undefined;
}

/** Length of a movie by its header, ms. @param head start of the file, with the movie's header in it */
export function readMovieMs(head: Uint8Array): number | undefined {
  const view = viewOf(head);
  for (let at = 0; at + 40 <= head.length; at++) {
    if (view.getUint32(at) !== 0x6d766864) continue;
    const long = head[at + 4] === 1;
    const timescale = view.getUint32(at + (long ? 24 : 16));
    const duration = long ? Number(view.getBigUint64(at + 28)) : view.getUint32(at + 20);
    return timescale === 0 ? undefined : Math.round(duration * 1000 / timescale);
  }
  return undefined;
}

/** Takes the edit lists out, in place: times of the segments then count as they stand. */
export function dropEditLists(bytes: Uint8Array): void {
  const moov = boxesIn(bytes, 0, bytes.length)?.find((box) => box.type === "moov");
  for (const trak of inside(bytes, moov, "trak")) {
    for (const edits of inside(bytes, trak, "edts")) {
      rename(bytes, edits, "free");
      bytes.fill(0, edits.start, edits.end);
    }
  }
}

/** Takes the dates out of an init segment, in place: equal set-ups then have equal bytes. */
export function dropDates(bytes: Uint8Array): void {
  const moov = boxesIn(bytes, 0, bytes.length)?.find((box) => box.type === "moov");
  const heads = inside(bytes, moov, "trak").flatMap((trak) =>
    [["tkhd"], ["mdia", "mdhd"]].map((way) => path(bytes, trak, ...way))
  );
  for (const head of [path(bytes, moov, "mvhd"), ...heads]) {
    // Created and modified, behind version and flags: 64 bits each in version 1, else 32.
    if (head !== undefined && holds(head, 20)) {
      bytes.fill(0, head.start + 4, head.start + (bytes[head.start] === 1 ? 20 : 12));
    }
  }
}

interface Fragment {
  trackId: number;
  /** Place of the 64-bit decode time. */
  timeAt: number;
  span: TrackSpan;
}

/** Fragments of a media segment; `undefined` when it is not one, or not whole. */
function fragmentsOf(bytes: Uint8Array): Fragment[] | undefined {
  const boxes = boxesIn(bytes, 0, bytes.length);
  if (boxes === undefined) return undefined;
  const fragments: Fragment[] = [];
  for (const traf of boxes.filter((box) => box.type === "moof").flatMap((moof) => inside(bytes, moof, "traf"))) {
    const fragment = readFragment(bytes, traf);
    if (fragment === undefined) return undefined;
    fragments.push(fragment);
  }
  return fragments.length === 0 || !boxes.some((box) => box.type === "mdat") ? undefined : fragments;
}

function readFragment(bytes: Uint8Array, traf: Box): Fragment | undefined {
  const view = viewOf(bytes);
  const tfhd = path(bytes, traf, "tfhd");
  const tfdt = path(bytes, traf, "tfdt");
  if (tfhd === undefined || tfdt === undefined || bytes[tfdt.start] !== 1 || !holds(tfhd, 8) || !holds(tfdt, 12)) {
    return undefined;
  }
  const flags = view.getUint32(tfhd.start) & 0xffffff;
  const durationAt = tfhd.start + 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0);
  if (flags & 8 && durationAt + 4 > tfhd.end) return undefined;
  const usual = flags & 8 ? view.getUint32(durationAt) : 0;
  const start = view.getBigUint64(tfdt.start + 4);
  const span: TrackSpan = { start, last: start, end: start };
  for (const trun of inside(bytes, traf, "trun")) {
    if (!holds(trun, 8)) return undefined;
    const has = view.getUint32(trun.start) & 0xffffff;
    const count = view.getUint32(trun.start + 4);
    const size = [0x100, 0x200, 0x400, 0x800].filter((flag) => has & flag).length * 4;
    const first = trun.start + 8 + (has & 1 ? 4 : 0) + (has & 4 ? 4 : 0);
    if (first + count * size > trun.end) return undefined;
    if (count === 0) continue;
    // Without durations of their own, samples may take no room: their count proves nothing and is not looped over.
    let lastDuration = BigInt(usual);
    let total = BigInt(count) * lastDuration;
    if (has & 0x100) {
      total = 0n;
      for (let i = 0; i < count; i++) {
        lastDuration = BigInt(view.getUint32(first + i * size));
        total += lastDuration;
      }
    }
    span.last = span.end + total - lastDuration;
    span.end += total;
  }
  return { trackId: view.getUint32(tfhd.start + 4), timeAt: tfdt.start + 4, span };
}

/** What a media segment holds, by track id; `undefined` when it is not whole. */
export function readSegment(bytes: Uint8Array): Map<number, TrackSpan> | undefined {
  const fragments = fragmentsOf(bytes);
  if (fragments === undefined) return undefined;
  const spans = new Map<number, TrackSpan>();
  for (const { trackId, span } of fragments) {
    spans.set(trackId, { ...span, start: spans.get(trackId)?.start ?? span.start });
  }
  return spans;
}

/**
 * Moves a media segment on its clock, in place. Its index boxes, whose times would be wrong, are taken out.
 * @param shifts ticks to add, by track id; a track that is not named stays
 */
export function shiftSegment(bytes: Uint8Array, shifts: ReadonlyMap<number, bigint>): void {
  const view = viewOf(bytes);
  for (const { trackId, timeAt, span } of fragmentsOf(bytes) ?? []) {
    const moved = span.start + (shifts.get(trackId) ?? 0n);
    view.setBigUint64(timeAt, moved < 0n ? 0n : moved);
  }
  for (const box of boxesIn(bytes, 0, bytes.length) ?? []) if (box.type === "sidx") rename(bytes, box, "free");
}

/**
 * How much of a file is whole fragments: what a crash left behind them does not count.
 * @returns a place in the file; 0 when not even one fragment is whole
 */
export function wholeFragments(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  let end = 0;
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = view.getUint32(at);
    if (size < 8 || at + size > bytes.length) break;
    at += size;
    if (String.fromCharCode(...bytes.subarray(at - size + 4, at - size + 8)) === "mdat") end = at;
  }
  return end;
}
