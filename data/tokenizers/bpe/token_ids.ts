/** Room that is kept for the next list, in ids. */
const MAX_KEPT = 1 << 20;

/** A list of token ids that grows. */
export class TokenIds {
  /** The ids, and room for more. */
  array: Uint32Array = new Uint32Array(256);
  /** Number of ids. */
  length = 0;

  /** Makes room for so many more ids. */
  reserve(count: number): void {
    if (this.length + count <= this.array.length) return;
    const larger = new Uint32Array(Math.max(2 * this.array.length, this.length + count));
    larger.set(this.array.subarray(0, this.length));
    this.array = larger;
  }

  /** Adds one id. */
  push(id: number): void {
    if (this.length === this.array.length) this.reserve(1);
    this.array[this.length++] = id;
  }

  /** The ids, in an array of their own; the list is empty then. */
  take(): Uint32Array<ArrayBuffer> {
    const ids = this.array.slice(0, this.length) as Uint32Array<ArrayBuffer>;
    this.length = 0;
    if (this.array.length > MAX_KEPT) this.array = new Uint32Array(256);
    return ids;
  }
}
