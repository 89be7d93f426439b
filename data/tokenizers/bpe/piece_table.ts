/** Bytes that must be readable behind a piece. */
export const PADDING = 3;

/** A hash of the bytes, four at a time. */
export function hashBytes(view: DataView, start: number, length: number): number {
  let hash = length;
  let i = start;
  for (const whole = start + (length & ~3); i < whole; i += 4) {
    hash = Math.imul(hash ^ view.getInt32(i, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  const rest = length & 3;
  if (rest !== 0) {
    const last = view.getInt32(i, true) & (1 << (rest << 3)) - 1;
    hash = Math.imul(hash ^ last, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

function equalBytes(a: DataView, i: number, b: DataView, j: number, length: number): boolean {
  const whole = length & ~3;
  for (let k = 0; k < whole; k += 4) {
    if (a.getInt32(i + k, true) !== b.getInt32(j + k, true)) return false;
  }
  const rest = length & 3;
  if (rest === 0) return true;
  const difference = a.getInt32(i + whole, true) ^ b.getInt32(j + whole, true);
  return (difference & (1 << (rest << 3)) - 1) === 0;
}

/** Room that a `PieceTable` is made with. */
export interface PieceTableRoom {
  /** Most pieces. */
  pieces: number;
  /** Most bytes of all pieces. */
  bytes: number;
}

/** A hash table from pieces of bytes to one number each, in typed arrays of fixed size. */
export class PieceTable {
  /** Number of pieces. */
  size = 0;
  /** Slots of hash, start in the arena, length + 1 (0 where free) and value. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #room: PieceTableRoom;
  readonly #arena: Uint8Array;
  readonly #view: DataView;
  #used = 0;

  constructor(room: PieceTableRoom) {
    const slots = 1 << Math.max(4, 33 - Math.clz32(room.pieces));
    this.#mask = slots - 1;
    this.#slots = new Int32Array(4 * slots);
    this.#arena = new Uint8Array(room.bytes + PADDING);
    this.#view = new DataView(this.#arena.buffer);
    this.#room = room;
  }

  /** The value of a piece with its hash. `PADDING` bytes behind it must be readable. */
  get(view: DataView, start: number, length: number, hash: number): number | undefined {
    const slots = this.#slots;
    let slot = (hash & this.#mask) << 2;
    for (; slots[slot + 2] !== 0; slot = (slot + 4) & (this.#mask << 2)) {
      if (
        slots[slot] === hash && slots[slot + 2] === length + 1 &&
        equalBytes(this.#view, slots[slot + 1], view, start, length)
      ) return slots[slot + 3];
    }
    return undefined;
  }

  /** Whether there is room for one more piece. */
  hasRoomFor(length: number): boolean {
    return this.size < this.#room.pieces && this.#used + length <= this.#room.bytes;
  }

  /** Adds a piece that is not in the table and for which there is room; values are 0 and up. */
  add(bytes: Uint8Array, start: number, length: number, hash: number, value: number): void {
    let slot = (hash & this.#mask) << 2;
    while (this.#slots[slot + 2] !== 0) slot = (slot + 4) & (this.#mask << 2);
    this.#slots[slot] = hash;
    this.#slots[slot + 1] = this.#used;
    this.#slots[slot + 2] = length + 1;
    this.#slots[slot + 3] = value;
    this.#arena.set(bytes.subarray(start, start + length), this.#used);
    this.#used += length;
    this.size++;
  }

  /** Forgets all pieces. */
  clear(): void {
    this.#slots.fill(0);
    this.size = 0;
    this.#used = 0;
  }
}
