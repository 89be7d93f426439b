/** Share of a new measurement in what is known, and how many times as large as that it may count. */
const NEW = 0.3;
const MOST = 2;

/**
 * How long steps take by their number of rows, learnt from those that have run: what is unknown is taken to
 * grow with the rows.
 */
export class StepTimes {
  #ms = new Map<number, number>();
  /** Sizes that have run once: their first run compiles and says nothing. */
  #begun = new Set<number>();

  /** Milliseconds that a step of this size is expected to take; 0 while nothing is known. */
  of(size: number): number {
    const known = this.#ms.get(size);
    if (known !== undefined) return known;
    let nearest = 0;
    for (const other of this.#ms.keys()) {
      if (nearest === 0 || Math.abs(other - size) < Math.abs(nearest - size)) nearest = other;
    }
    return nearest === 0 ? 0 : this.#ms.get(nearest)! * Math.max(1, size / nearest);
  }

  /**
   * Learns that steps of these sizes took so long together; returns how long they are taken to have taken.
   *
   * @param ended whether `ms` is when they ended; otherwise they were found to have ended by then
   */
  learn(sizes: readonly number[], ms: number, ended = true): number {
    const known = sizes.every((size) => this.#begun.has(size));
    for (const size of sizes) this.#begun.add(size);
    if (!known) return ms;
    const expected = sizes.reduce((sum, size) => sum + this.of(size), 0);
    if (!ended && expected > 0 && expected <= ms) return expected;
    for (const size of new Set(sizes)) {
      const found = expected > 0 ? this.of(size) * ms / expected : ms / sizes.length;
      const before = this.#ms.get(size);
      const change = Math.min(found, MOST * (before ?? found)) - (before ?? 0);
      this.#ms.set(size, before === undefined ? found : before + NEW * change);
    }
    return ms;
  }
}
