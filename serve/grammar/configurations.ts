import type { Network } from "./network.ts";

/** Most configurations at once. */
const MAX_CONFIGURATIONS = 4096;
/** Most configurations that are looked at for one token: some 50 ms. */
const MAX_STEPS = 250_000;
/** Above every state, so that a state and a stack make one number. */
const STATES = 2 ** 20;

/** Stacks of the states to go on from behind the rules being read, each known by a number; 0 is empty. */
export class Stacks {
  #tops: number[] = [-1];
  #below: number[] = [-1];
  #numbers = new Map<number, number>();

  /** A stack with a state put on it. */
  push(stack: number, state: number): number {
    const key = stack * STATES + state;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#tops.push(state) - 1;
      this.#below.push(stack);
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** The state on top of a stack that is not empty. */
  top(stack: number): number {
    return this.#tops[stack];
  }

  /** A stack that is not empty without its top. */
  below(stack: number): number {
    return this.#below[stack];
  }
}

/** The ways in which what has been read can be understood. */
export interface Configurations {
  /** States that a byte can be read from, each followed by the number of its stack. */
  readonly pairs: readonly number[];
  /** Whether the first rule may end here, with the stack empty. */
  readonly complete: boolean;
}

/** Reads bytes with a network, following all ways to understand them at once. */
export class Reader {
  readonly stacks: Stacks = new Stacks();
  #steps = 0;

  constructor(readonly network: Network) {}

  /** Before anything is read. */
  start(): Configurations {
    return this.enter([this.network.start, 0]);
  }

  /** Counts the steps anew. */
  rest(): void {
    this.#steps = 0;
  }

  /**
   * What some configurations lead to by one byte.
   *
   * @throws {RangeError} where they are too many, or take too many steps since the last rest
   */
  read({ pairs }: Configurations, byte: number): Configurations {
    const { starts, first, last, to } = this.network.edges;
    const next: number[] = [];
    for (let i = 0; i < pairs.length; i += 2) {
      const state = pairs[i];
      for (let edge = starts[state]; edge < starts[state + 1]; edge++) {
        if (first[edge] <= byte && byte <= last[edge]) next.push(to[edge], pairs[i + 1]);
      }
    }
    this.spend(pairs.length / 2);
    return this.enter(next);
  }

  /** The bytes at which some configurations begin to lead elsewhere, 0 first, in rising order. */
  cuts({ pairs }: Configurations): number[] {
    const { starts, first, last } = this.network.edges;
    const isCut = new Uint8Array(257).fill(1, 0, 1);
    for (let i = 0; i < pairs.length; i += 2) {
      for (let edge = starts[pairs[i]]; edge < starts[pairs[i] + 1]; edge++) {
        isCut[first[edge]] = isCut[last[edge] + 1] = 1;
      }
    }
    const cuts: number[] = [];
    for (let byte = 0; byte < 256; byte++) if (isCut[byte]) cuts.push(byte);
    return cuts;
  }

  /** What states, each followed by its stack, lead to without reading. */
  enter(left: number[]): Configurations {
    const { exits, edges, jumps } = this.network;
    const seen = new Set<number>();
    const pairs: number[] = [];
    let complete = false;
    while (left.length > 0) {
      const [stack, state] = [left.pop()!, left.pop()!];
      const key = stack * STATES + state;
      if (seen.has(key)) continue;
      seen.add(key);
      if (edges.starts[state + 1] > edges.starts[state]) pairs.push(state, stack);
      if (exits[state]) {
        if (stack === 0) complete = true;
        else left.push(this.stacks.top(stack), this.stacks.below(stack));
      }
      for (let jump = jumps.starts[state]; jump < jumps.starts[state + 1]; jump++) {
        const [rule, to] = [jumps.rule[jump], jumps.to[jump]];
        if (rule < 0) left.push(to, stack);
        // Behind a rule that ends its own rule there is nothing to come back to.
        else left.push(rule, exits[to] ? stack : this.stacks.push(stack, to));
      }
    }
    this.spend(seen.size);
    if (pairs.length > 2 * MAX_CONFIGURATIONS) this.#refuse();
    return { pairs, complete };
  }

  /**
   * Counts steps.
   *
   * @throws {RangeError} where they are too many since the last rest
   */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) this.#refuse();
  }

  #refuse(): never {
    throw new RangeError(
      "Cannot follow the format: it must have fewer ways to understand the same text; make the " +
        "schemas of its anyOf begin differently, or its patterns simpler",
    );
  }
}
