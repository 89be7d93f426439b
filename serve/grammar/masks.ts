import { type Configurations, Reader, type Stacks } from "./configurations.ts";
import { LazyAutomaton } from "./lazy_automaton.ts";
import type { Network } from "./network.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Most 32-bit words of what is remembered: 16 MiB. */
const MAX_WORDS = 2 ** 22;

/** The tokens that can be read from a state, as far as is known of the stack. */
interface Mask {
  /** Their bits where they are many, their ids where they are few. */
  tokens: Uint32Array;
  /** Whether they are bits. */
  isDense: boolean;
  /** Nodes of the trie at which the stack is used up: what comes behind depends on what is below. */
  pending: Int32Array;
  /** By the state that is next on the stack. */
  below: Map<number, Mask>;
}

/** A mask while it is made. */
interface Found {
  bits: Uint32Array;
  pending: number[];
}

/**
 * Finds the tokens that may come next, and remembers them by state and by as much of the stack as
 * tokens reach into: a state that reads strings, say, is met in every string of every document.
 *
 * The idea of telling tokens that need the stack from those that don't is XGrammar's (Dong et al.
 * 2024, "XGrammar: Flexible and Efficient Structured Generation Engine for Large Language Models").
 */
export class Masks {
  #automaton: LazyAutomaton;
  #masks = new Map<number, Mask>();
  #words = 0;

  constructor(readonly network: Network, readonly vocabulary: Vocabulary) {
    this.#automaton = new LazyAutomaton(new Reader(network));
  }

  /**
   * Sets the bits of the tokens that may come next.
   *
   * @param stacks what the numbers of the stacks in `configurations` mean
   * @param mask zeros, [⌈V / 32⌉]
   * @throws {RangeError} where finding them takes too many steps
   */
  add({ pairs }: Configurations, stacks: Stacks, mask: Uint32Array): void {
    if (this.#words + this.#automaton.words > MAX_WORDS) this.#forget();
    this.#automaton.reader.rest();
    const { alike } = this.network;
    for (let i = 0; i < pairs.length; i += 2) {
      let found = this.#maskOf(alike[pairs[i]]);
      let stack = pairs[i + 1];
      while (found.pending.length > 0 && stack !== 0) {
        found = this.#maskBelow(found, alike[stacks.top(stack)]);
        stack = stacks.below(stack);
      }
      addTokens(mask, found);
    }
  }

  #maskOf(state: number): Mask {
    const known = this.#masks.get(state);
    if (known) return known;
    const found = { bits: new Uint32Array(this.vocabulary.words), pending: [] };
    const start = this.#automaton.stateOf({ pairs: [state, 0], complete: false });
    this.#walk(start, 0, this.vocabulary.trie.bytes.length, found);
    const mask = this.#remember(found);
    this.#masks.set(state, mask);
    return mask;
  }

  /** What a mask becomes where the state on the stack is known. */
  #maskBelow(mask: Mask, state: number): Mask {
    const known = mask.below.get(state);
    if (known) return known;
    const found: Found = { bits: new Uint32Array(this.vocabulary.words), pending: [] };
    addTokens(found.bits, mask);
    const entered = this.#automaton.reader.enter([state, 0]);
    const start = this.#automaton.stateOf(entered);
    for (const node of mask.pending) {
      if (entered.complete) found.pending.push(node);
      this.#walk(start, node + 1, this.vocabulary.trie.ends[node], found);
    }
    const below = this.#remember(found);
    mask.below.set(state, below);
    return below;
  }

  /** Reads the part of the trie from a node to before `end`. */
  #walk(start: number, from: number, end: number, { bits, pending }: Found): void {
    const { bytes, depths, ends, starts, tokens } = this.vocabulary.trie;
    const automaton = this.#automaton;
    const trail = new Int32Array(this.vocabulary.longest + 1);
    if (from < end) trail[depths[from] - 1] = start;
    for (let i = from; i < end;) {
      const state = automaton.next(trail[depths[i] - 1], bytes[i]);
      if (state === 0) {
        i = ends[i];
        continue;
      }
      trail[depths[i]] = state;
      for (let place = starts[i]; place < starts[i + 1]; place++) {
        bits[tokens[place] >> 5] |= 1 << (tokens[place] & 31);
      }
      if (automaton.isComplete(state)) pending.push(i);
      i++;
    }
  }

  #remember({ bits, pending }: Found): Mask {
    const ids = idsOf(bits);
    const isDense = ids.length > bits.length;
    const tokens = isDense ? bits : Uint32Array.from(ids);
    this.#words += tokens.length + pending.length;
    return { tokens, isDense, pending: Int32Array.from(pending), below: new Map() };
  }

  #forget(): void {
    this.#automaton = new LazyAutomaton(new Reader(this.network));
    this.#masks.clear();
    this.#words = 0;
  }
}

/** Sets the bits of a mask's tokens. */
function addTokens(bits: Uint32Array, { tokens, isDense }: Mask): void {
  if (!isDense) { for (const id of tokens) bits[id >> 5] |= 1 << (id & 31); }
  else for (let word = 0; word < bits.length; word++) bits[word] |= tokens[word];
}

function idsOf(bits: Uint32Array): number[] {
  const ids: number[] = [];
  bits.forEach((word, i) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      ids.push(32 * i + 31 - Math.clz32(rest & -rest));
    }
  });
  return ids;
}
