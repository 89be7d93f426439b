import { type CodePoints, codePoints } from "./code_points.ts";

/** Most states that a pattern may be written out to. */
const MAX_STATES = 10_000;

/** A non-deterministic automaton over code points. */
export class Nfa {
  /** Edges that read nothing, by state. */
  readonly skips: number[][] = [];
  /** Edges that read a code point of a set, by state. */
  readonly edges: { set: number; to: number }[][] = [];
  /** The different sets. */
  readonly sets: CodePoints[] = [];
  /** Where reading begins. */
  readonly start: number = this.state();
  /** Where it may end. */
  readonly end: number = this.state();
  #numbers = new Map<string, number>();

  /**
   * A new state.
   *
   * @throws {RangeError} where there are too many
   */
  state(): number {
    if (this.skips.length >= MAX_STATES) {
      throw new RangeError(
        `Cannot use the regular expression: it must need at most ${MAX_STATES} states; make its ` +
          "repeats fewer",
      );
    }
    this.edges.push([]);
    return this.skips.push([]) - 1;
  }

  /** The number of a set. */
  set(set: CodePoints): number {
    const key = set.join();
    let number = this.#numbers.get(key);
    if (number === undefined) this.#numbers.set(key, number = this.sets.push(set) - 1);
    return number;
  }

  /** An edge that reads a code point of the set of a number. */
  edge(from: number, set: number, to: number): void {
    this.edges[from].push({ set, to });
  }

  /** An edge that reads nothing. */
  skip(from: number, to: number): void {
    this.skips[from].push(to);
  }
}

/** A deterministic automaton over code points. Reading begins in state 0. */
export interface Dfa {
  /** Whether reading may end in a state. */
  accepts: boolean[];
  /** By state: the edges, whose sets have no code point in common. */
  edges: { set: CodePoints; to: number }[][];
}

/** What counts the steps of some work, and throws where they become too many. */
export interface Meter {
  spend(steps: number): void;
}

/** The deterministic automaton of the same texts, by the construction of subsets. */
export function determinize(nfa: Nfa, meter: Meter): Dfa {
  const classes = new Classes(nfa.sets, meter);
  const dfa: Dfa = { accepts: [], edges: [] };
  const numbers = new Map<string, number>();
  const subsets: number[][] = [];

  function numberOf(states: Iterable<number>): number {
    const subset = close(nfa, states, meter);
    const key = subset.join();
    let number = numbers.get(key);
    if (number === undefined) {
      number = subsets.push(subset) - 1;
      numbers.set(key, number);
      dfa.accepts.push(subset.includes(nfa.end));
    }
    return number;
  }

  numberOf([nfa.start]);
  for (let i = 0; i < subsets.length; i++) {
    const targets = new Map<number, Set<number>>(); // by class
    for (const state of subsets[i]) {
      for (const { set, to } of nfa.edges[state]) {
        meter.spend(classes.ofSet[set].length);
        for (const number of classes.ofSet[set]) {
          if (!targets.get(number)?.add(to)) targets.set(number, new Set([to]));
        }
      }
    }
    const classesTo = new Map<number, number[]>(); // by target
    for (const [number, states] of targets) {
      const to = numberOf(states);
      if (!classesTo.get(to)?.push(number)) classesTo.set(to, [number]);
    }
    dfa.edges.push(Array.from(classesTo, ([to, list]) => ({ set: classes.join(list), to })));
  }
  return dfa;
}

/** The states that are reached without reading, in rising order. */
function close(nfa: Nfa, states: Iterable<number>, meter: Meter): number[] {
  const reached = new Set(states);
  for (const state of reached) {
    meter.spend(1 + nfa.skips[state].length);
    for (const to of nfa.skips[state]) reached.add(to);
  }
  return [...reached].sort((a, b) => a - b);
}

/** The classes of code points that no set of an automaton tells apart. */
class Classes {
  /** The classes of each set. */
  readonly ofSet: readonly number[][];
  #ranges: [first: number, last: number][][] = [];
  #joined = new Map<string, CodePoints>();

  constructor(sets: readonly CodePoints[], meter: Meter) {
    const cuts = new Set(sets.flatMap((set) => set.map((end, i) => i % 2 === 0 ? end : end + 1)));
    const starts = [...cuts].sort((a, b) => a - b);
    const placeOf = new Map(starts.map((start, place) => [start, place]));
    const members = starts.map((): number[] => []); // the sets that hold what begins there
    sets.forEach((set, number) => {
      for (let i = 0; i < set.length; i += 2) {
        const end = placeOf.get(set[i + 1] + 1)!;
        for (let place = placeOf.get(set[i])!; place < end; place++) {
          members[place].push(number);
          meter.spend(1);
        }
      }
    });
    this.ofSet = sets.map(() => []);
    const known = new Map<string, number>();
    members.forEach((numbers, place) => {
      if (numbers.length === 0) return;
      const key = numbers.join();
      let number = known.get(key);
      if (number === undefined) {
        known.set(key, number = this.#ranges.push([]) - 1);
        for (const set of numbers) this.ofSet[set].push(number);
      }
      this.#ranges[number].push([starts[place], starts[place + 1] - 1]);
    });
  }

  /** The code points of classes, the same object for the same ones. */
  join(classes: readonly number[]): CodePoints {
    const key = classes.join();
    let set = this.#joined.get(key);
    if (set === undefined) {
      set = codePoints(classes.flatMap((number) => this.#ranges[number]));
      this.#joined.set(key, set);
    }
    return set;
  }
}
