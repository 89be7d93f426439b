import type { CodePoints } from "./code_points.ts";

/** Most states and edges of a network: what is compiled within some 50 ms. */
const MAX_SIZE = 100_000;
/** Most other steps on the way there. */
const MAX_STEPS = 100_000;

/**
 * A recursive transition network over bytes: a finite automaton some of whose edges are read by
 * reading a whole other automaton, a rule, which may lead back to itself.
 *
 * Source: Woods 1970, "Transition Network Grammars for Natural Language Analysis".
 */
export interface Network {
  /** Where reading begins: the entry of the first rule. */
  readonly start: number;
  /** Whether a state ends its rule: [states]. */
  readonly exits: Uint8Array;
  /** A state from which the same tokens can be read: [states]. */
  readonly alike: Int32Array;
  /** Edges that read a byte. */
  readonly edges: Edges;
  /** Edges that read a rule, or nothing. */
  readonly jumps: Jumps;
}

/** Edges that read a byte: those of state s are numbers `starts[s]` to `starts[s + 1]` - 1. */
export interface Edges {
  readonly starts: Int32Array;
  /** The bytes that an edge reads, from … */
  readonly first: Uint8Array;
  /** … to this one. */
  readonly last: Uint8Array;
  readonly to: Int32Array;
}

/** Edges that read no byte themselves, numbered as those that do. */
export interface Jumps {
  readonly starts: Int32Array;
  /** Entry of the rule that is read first; -1 for none. */
  readonly rule: Int32Array;
  readonly to: Int32Array;
}

/** What a network's texts are written with. */
export interface Writing {
  /** The characters that can be written; there are no edges for others. */
  alphabet: CodePoints;
  /** Bytes of the longest token. */
  longest: number;
}

/** Makes a network. */
export class NetworkBuilder {
  #states = 0;
  #steps = 0;
  #edges: number[] = []; // from, first, last, to
  #jumps: number[] = []; // from, rule, to
  #exits: number[] = [];
  #alike = new Map<number, number>();
  #rules = new Map<string, number>();
  #unwritten: (() => void)[] = [];

  /** The characters that can be written. */
  readonly alphabet: CodePoints;
  /** Bytes of the longest token. */
  readonly longest: number;

  constructor({ alphabet, longest }: Writing) {
    this.alphabet = alphabet;
    this.longest = longest;
  }

  /** A new state. */
  state(): number {
    this.#limit();
    return this.#states++;
  }

  /** An edge that reads one of some bytes. */
  edge(from: number, first: number, last: number, to: number): void {
    this.#limit();
    if (first >= 0x80) {
      this.#edges.push(from, first, last, to);
      return;
    }
    for (let i = 0; i < this.alphabet.length; i += 2) {
      const [start, end] = [
        Math.max(first, this.alphabet[i]),
        Math.min(last, this.alphabet[i + 1]),
      ];
      if (start <= end) this.#edges.push(from, start, end, to);
    }
  }

  /** Says that no token tells a state from another one, so that what is found for one serves both. */
  alike(state: number, other: number): void {
    this.#alike.set(state, other);
  }

  /** An edge that reads nothing. */
  skip(from: number, to: number): void {
    this.#jumps.push(from, -1, to);
    this.#limit();
  }

  /** An edge that reads a rule. */
  call(from: number, rule: number, to: number): void {
    this.#jumps.push(from, rule, to);
    this.#limit();
  }

  /**
   * The entry of the rule of a name.
   *
   * @param write what writes it, where it is new: later, so that rules may lead to each other
   */
  rule(name: string, write: (entry: number, exit: number) => void): number {
    const known = this.#rules.get(name);
    if (known !== undefined) return known;
    const [entry, exit] = [this.state(), this.state()];
    this.#exits.push(exit);
    this.#rules.set(name, entry);
    this.#unwritten.push(() => write(entry, exit));
    return entry;
  }

  /** Writes the rules that were only named, and those that they name. */
  writeRules(): void {
    for (const write of this.#unwritten) write();
    this.#unwritten = [];
  }

  /**
   * Counts steps of the work.
   *
   * @throws {RangeError} where they become too many
   */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw tooLarge(`be compiled in ${MAX_STEPS} steps`);
  }

  /**
   * The network without the edges from which no rule can be read to its end, so that every way into
   * it leads out again; none where nothing can be read at all.
   */
  finish(start: number): Network | undefined {
    this.writeRules();
    const leadsOut = this.#statesThatLeadOut();
    if (!leadsOut[start]) return undefined;
    const exits = new Uint8Array(this.#states);
    for (const exit of this.#exits) exits[exit] = 1;
    const edges = order(this.#edges, 4, leadsOut);
    const jumps = order(this.#jumps, 3, leadsOut);
    return {
      start,
      exits,
      alike: Int32Array.from(
        { length: this.#states },
        (_, state) => this.#alike.get(state) ?? state,
      ),
      edges: {
        starts: edges.starts,
        first: Uint8Array.from(edges.columns[1]),
        last: Uint8Array.from(edges.columns[2]),
        to: edges.columns[3],
      },
      jumps: { starts: jumps.starts, rule: jumps.columns[1], to: jumps.columns[2] },
    };
  }

  /** Whether the exit of its rule can be reached from a state: [states]. */
  #statesThatLeadOut(): Uint8Array {
    // An edge waits for its target, then for its rule.
    const waiting: (number[] | undefined)[] = [];
    const wait = (at: number, ...edge: number[]) => (waiting[at] ??= []).push(...edge);
    for (let i = 0; i < this.#edges.length; i += 4) wait(this.#edges[i + 3], this.#edges[i], -1);
    for (let i = 0; i < this.#jumps.length; i += 3) {
      wait(this.#jumps[i + 2], this.#jumps[i], this.#jumps[i + 1]);
    }
    const leadsOut = new Uint8Array(this.#states);
    const found = [...this.#exits];
    while (found.length > 0) {
      const state = found.pop()!;
      if (leadsOut[state]) continue;
      leadsOut[state] = 1;
      const edges = waiting[state] ?? [];
      for (let i = 0; i < edges.length; i += 2) {
        const [from, rule] = [edges[i], edges[i + 1]];
        if (rule < 0 || leadsOut[rule]) found.push(from);
        else wait(rule, from, -1);
      }
    }
    return leadsOut;
  }

  #limit(): void {
    const size = this.#states + this.#edges.length / 4 + this.#jumps.length / 3;
    if (size > MAX_SIZE) throw tooLarge(`need at most ${MAX_SIZE} states and edges`);
  }
}

function tooLarge(wanted: string): RangeError {
  return new RangeError(
    `Cannot use the format: it must ${wanted}; give it fewer or simpler patterns, fewer ` +
      "properties, shorter lists or smaller counts",
  );
}

/**
 * The rows whose last column, a state, leads out, sorted by their first, a state too: where those of
 * each state begin, and the columns.
 */
function order(
  rows: readonly number[],
  width: number,
  leadsOut: Uint8Array,
): { starts: Int32Array; columns: Int32Array[] } {
  const kept: number[] = [];
  const starts = new Int32Array(leadsOut.length + 1);
  for (let i = 0; i < rows.length; i += width) {
    if (!leadsOut[rows[i + width - 1]]) continue;
    kept.push(i);
    starts[rows[i] + 1]++;
  }
  for (let state = 0; state < leadsOut.length; state++) starts[state + 1] += starts[state];
  const next = starts.slice();
  const columns = Array.from({ length: width }, () => new Int32Array(kept.length));
  for (const i of kept) {
    const place = next[rows[i]]++;
    for (let column = 0; column < width; column++) columns[column][place] = rows[i + column];
  }
  return { starts, columns };
}
