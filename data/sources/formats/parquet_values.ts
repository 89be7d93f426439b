/*
 * The runs and deltas of a page's values, walked before they are decoded: a decoder that trusts a
 * run which goes on for 2³⁰ values, or blocks that hold none, runs out of memory or never ends.
 * Formats are those of the Parquet specification, Encodings.md.
 */

/** Most values that a last bit-packed run may hold beyond what is needed. */
const PADDING_VALUES = 512;

/** Reads numbers from a part of a page. */
export class PageCursor {
  at: number;

  constructor(readonly bytes: Uint8Array, start: number = 0, readonly end: number = bytes.length) {
    this.at = start;
  }

  /** @throws {RangeError} where the part is at its end */
  byte(): number {
    if (this.at >= this.end) throw new RangeError("the end of a page");
    return this.bytes[this.at++];
  }

  /** @throws {RangeError} where the number does not end, or has more than 32 bits */
  varint(): number {
    let sum = 0;
    for (let factor = 1; factor < 2 ** 35; factor *= 128) {
      const byte = this.byte();
      sum += (byte & 127) * factor;
      if (byte < 128 && sum < 2 ** 32) return sum;
    }
    throw new RangeError("a number of more than 32 bits");
  }

  /** Passes over a number of up to 64 bits. */
  skipVarint(): number {
    for (let i = 0; i < 10; i++) if (this.byte() < 128) return 0;
    throw new RangeError("a number without end");
  }

  /** A 32-bit length, and a cursor over so many bytes, which are passed over here. */
  sized(): PageCursor {
    const length = [0, 8, 16, 24].reduce((sum, bits) => sum + this.byte() * 2 ** bits, 0);
    return this.take(length);
  }

  /** A cursor over the next bytes, which are passed over here. */
  take(length: number): PageCursor {
    const start = this.at;
    if (length > this.end - start) throw new RangeError(`a part of ${length} bytes`);
    this.at += length;
    return new PageCursor(this.bytes, start, this.at);
  }
}

/**
 * Walks runs of equal and of bit-packed values.
 *
 * @returns how many of the first `count` values are `wanted`
 * @throws {RangeError} where they are not as many
 */
export function walkRuns(cursor: PageCursor, width: number, count: number, wanted = -1): number {
  if (width > 32) throw new RangeError(`values of ${width} bits`);
  let found = 0;
  for (let seen = 0; seen < count;) {
    const head = cursor.varint();
    const values = head & 1 ? 8 * (head >>> 1) : head >>> 1;
    const most = count - seen + (head & 1 ? PADDING_VALUES : 0);
    if (values > most) throw new RangeError(`a run of ${values} values where ${most} are left`);
    if (head & 1) {
      // Some writers leave the last bytes of the last run out.
      const bytes = Math.min(values * width / 8, cursor.end - cursor.at);
      const used = Math.min(values, count - seen);
      if (wanted >= 0) found += countPacked(cursor, width, used, wanted);
      cursor.at += bytes;
    } else {
      let value = 0;
      for (let i = 0; i < width + 7 >> 3; i++) value += cursor.byte() * 256 ** i;
      if (value === wanted) found += values;
    }
    seen += values;
  }
  return found;
}

function countPacked(
  { bytes, at }: PageCursor,
  width: number,
  count: number,
  wanted: number,
): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    if (bitsAt(bytes, 8 * at + i * width, width) === wanted) found++;
  }
  return found;
}

/**
 * Walks blocks of differences.
 *
 * @param visit sees each value, which then must fit into 32 bits; without it they are not worked out
 * @throws {RangeError} where they are not as many, or their blocks make no sense
 */
export function walkDeltas(
  cursor: PageCursor,
  count: number,
  visit?: (value: number, index: number) => void,
): void {
  const [block, miniblocks, values] = [cursor.varint(), cursor.varint(), cursor.varint()];
  const each = block / miniblocks;
  if (!(each >= 8 && each % 8 === 0 && block <= 2 ** 20) || values !== count) {
    throw new RangeError(
      `${values} differences in blocks of ${block} by ${miniblocks}, of ${count} values`,
    );
  }
  const next = () => visit === undefined ? cursor.skipVarint() : zigzag(cursor.varint());
  let value = next();
  if (count > 0) visit?.(value, 0);
  for (let seen = 1; seen < count;) {
    const least = next();
    const widths = cursor.take(miniblocks);
    for (let i = 0; i < miniblocks && seen < count; i++) {
      const width = widths.byte();
      if (width > (visit === undefined ? 64 : 32)) {
        throw new RangeError(`differences of ${width} bits`);
      }
      const used = Math.min(each, count - seen);
      const bytes = Math.min(each * width / 8, cursor.end - cursor.at);
      if (8 * bytes < used * width) throw new RangeError("the end of a page");
      for (let k = 0; visit !== undefined && k < used; k++) {
        value = value + least + bitsAt(cursor.bytes, 8 * cursor.at + k * width, width) | 0;
        visit(value, seen + k);
      }
      cursor.at += bytes;
      seen += used;
    }
  }
}

/** A number of up to 32 bits, the lowest first. */
function bitsAt(bytes: Uint8Array, bit: number, width: number): number {
  let value = 0;
  for (let k = 0; k < width; k++) {
    value |= (bytes[bit + k >> 3] >> (bit + k & 7) & 1) << k;
  }
  return value;
}

function zigzag(number: number): number {
  return number >>> 1 ^ -(number & 1);
}
