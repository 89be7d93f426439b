/** A free slot, or no node. */
const NONE = -1;

/** A tree of texts that finds all of them that begin at a place: a hash table of its edges. */
export class Trie {
  /** Slots of node, UTF-16 code unit and the node that it leads to. */
  #slots = new Int32Array(3 << 12).fill(NONE);
  #values: number[] = [NONE];

  /** Adds a text that isn't empty; of two equal ones the later counts. */
  add(text: string, value: number): void {
    let node = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const slot = this.#find(node, unit);
      if (this.#slots[slot] === NONE) {
        this.#slots[slot] = node;
        this.#slots[slot + 1] = unit;
        this.#slots[slot + 2] = this.#values.length;
        node = this.#values.length;
        this.#values.push(NONE);
        if (6 * this.#values.length > this.#slots.length) this.#grow();
      } else node = this.#slots[slot + 2];
    }
    this.#values[node] = value;
  }

  /** Shows each text that begins at `start`, the shorter ones first. */
  each(text: string, start: number, visit: (end: number, value: number) => void): void {
    let node = 0;
    for (let i = start; i < text.length; i++) {
      const slot = this.#find(node, text.charCodeAt(i));
      if (this.#slots[slot] === NONE) return;
      node = this.#slots[slot + 2];
      if (this.#values[node] !== NONE) visit(i + 1, this.#values[node]);
    }
  }

  #find(node: number, unit: number): number {
    const slots = this.#slots;
    let hash = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
    hash ^= hash >>> 15;
    const mask = slots.length / 3 - 1;
    let slot = hash & mask;
    while (slots[3 * slot] !== NONE) {
      if (slots[3 * slot] === node && slots[3 * slot + 1] === unit) break;
      slot = slot + 1 & mask;
    }
    return 3 * slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length).fill(NONE);
    for (let i = 0; i < old.length; i += 3) {
      if (old[i] !== NONE) this.#slots.set(old.subarray(i, i + 3), this.#find(old[i], old[i + 1]));
    }
  }
}
