import type { PackingAccounting } from "./accounting.ts";
import type { Piece } from "./row.ts";

/** What a packer has taken in and not given out. */
export interface Held {
  accounting: PackingAccounting;
  /** Lists of pieces: rows that are not full, or documents that wait. */
  groups: Piece[][];
}

/**
 * Bytes of what a packer holds: the length of a JSON head as a little-endian u32, the head, the
 * tokens as u32, the weights.
 */
export function encodeHeld({ accounting, groups }: Held): Uint8Array<ArrayBuffer> {
  const pieces = groups.flat();
  const weighted = pieces.map(({ weights }) => weights !== undefined);
  const lengths = groups.map((group) => group.map(({ tokens }) => tokens.length));
  const head = new TextEncoder().encode(JSON.stringify({ accounting, lengths, weighted }));
  const tokens = pieces.reduce((sum, piece) => sum + piece.tokens.length, 0);
  const weights = pieces.reduce((sum, piece) => sum + (piece.weights?.length ?? 0), 0);
  const bytes = new Uint8Array(4 + head.length + 4 * tokens + weights);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, head.length, true);
  bytes.set(head, 4);
  let at = 4 + head.length;
  for (const piece of pieces) {
    for (const id of piece.tokens) {
      view.setUint32(at, id, true);
      at += 4;
    }
  }
  for (const piece of pieces) {
    if (!piece.weights) continue;
    bytes.set(piece.weights, at);
    at += piece.weights.length;
  }
  return bytes;
}

/**
 * Reads what `encodeHeld` wrote.
 *
 * @throws {RangeError} where the bytes are of another length than their head tells
 */
export function decodeHeld(bytes: Uint8Array): Held {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes.length < 4 ? Infinity : 4 + view.getUint32(0, true);
  if (start > bytes.length) return refuse(start, bytes.length);
  const { accounting, lengths, weighted } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(4, start)),
  ) as { accounting: PackingAccounting; lengths: number[][]; weighted: boolean[] };
  const flat = lengths.flat();
  const sum = (numbers: number[]) => numbers.reduce((total, length) => total + length, 0);
  const end = start + 4 * sum(flat) + sum(flat.filter((_, i) => weighted[i]));
  if (end !== bytes.length) return refuse(end, bytes.length);
  let at = start;
  let weightAt = start + 4 * sum(flat);
  let index = 0;
  const groups = lengths.map((group) =>
    group.map((length): Piece => {
      const tokens = Uint32Array.from({ length }, (_, i) => view.getUint32(at + 4 * i, true));
      at += 4 * length;
      if (!weighted[index++]) return { tokens };
      const weights = bytes.slice(weightAt, weightAt += length);
      return { tokens, weights };
    })
  );
  return { accounting, groups };
}

function refuse(wanted: number, got: number): never {
  throw new RangeError(
    `Cannot go on packing: wanted a state of ${wanted} bytes, got ${got}; give what state() returned`,
  );
}
