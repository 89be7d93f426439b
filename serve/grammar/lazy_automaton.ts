import type { Configurations, Reader } from "./configurations.ts";

/** 32-bit words that a state takes beside its row, about. */
const STATE_WORDS = 64;
/** Steps that making a state counts as, so that steps bound the memory too. */
const STATE_STEPS = 20;

/**
 * A deterministic automaton whose states are sets of configurations, made as far as it is read, as
 * for regular expressions in Thompson 1968, "Regular Expression Search Algorithm".
 *
 * State 0 is the empty set.
 */
export class LazyAutomaton {
  #numbers = new Map<string, number>();
  #sets: Configurations[] = [];
  /** By state and byte the next state, -1 in the first place of a row that has not been made. */
  #rows = new Int32Array(256 * 64);

  constructor(readonly reader: Reader) {
    this.#rows.fill(-1);
    this.stateOf({ pairs: [], complete: false });
  }

  /** 32-bit words that the states take, about. */
  get words(): number {
    return this.#sets.length * (256 + STATE_WORDS);
  }

  /** The state of a set of configurations. */
  stateOf(set: Configurations): number {
    const parts: string[] = [];
    for (let i = 0; i < set.pairs.length; i += 2) parts.push(`${set.pairs[i]} ${set.pairs[i + 1]}`);
    const key = `${set.complete} ${parts.sort().join()}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.reader.spend(STATE_STEPS);
    const state = this.#sets.push(set) - 1;
    this.#numbers.set(key, state);
    if (256 * this.#sets.length > this.#rows.length) {
      const rows = new Int32Array(2 * this.#rows.length).fill(-1, this.#rows.length);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    return state;
  }

  /** Whether what has been read is complete in a state, the stack being used up. */
  isComplete(state: number): boolean {
    return this.#sets[state].complete;
  }

  /** Where a byte leads. */
  next(state: number, byte: number): number {
    if (this.#rows[256 * state] < 0) this.#fill(state);
    return this.#rows[256 * state + byte];
  }

  /** Makes a row: as far as no edge begins or ends, all bytes lead to the same state. */
  #fill(state: number): void {
    const set = this.#sets[state];
    const cuts = this.reader.cuts(set);
    cuts.forEach((cut, i) => {
      const next = this.stateOf(this.reader.read(set, cut));
      this.#rows.fill(next, 256 * state + cut, 256 * state + (cuts[i + 1] ?? 256));
    });
  }
}
