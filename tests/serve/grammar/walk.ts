/** Walks through a format as a model would, and to its end. */
import { assert } from "@std/assert";
import type { Tokenizer } from "../../../data/mod.ts";
import { type Configurations, Reader } from "../../../serve/grammar/configurations.ts";
import { FormatConstraint } from "../../../serve/grammar/constraint.ts";
import { compileFormat, type OutputFormat } from "../../../serve/grammar/format.ts";
import { Masks } from "../../../serve/grammar/masks.ts";
import type { Network } from "../../../serve/grammar/network.ts";
import { Vocabulary } from "../../../serve/grammar/vocabulary.ts";

/** Random numbers in [0, 1), the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whether a mask has the bit of a token. */
export function isAllowed(mask: Uint32Array, token: number): boolean {
  return (mask[token >> 5] >>> (token & 31) & 1) === 1;
}

/** The tokens of a mask. */
export function tokensOf(mask: Uint32Array): number[] {
  const tokens: number[] = [];
  for (let word = 0; word < mask.length; word++) {
    for (let rest = mask[word]; rest !== 0; rest &= rest - 1) {
      tokens.push(32 * word + 31 - Math.clz32(rest & -rest));
    }
  }
  return tokens;
}

/** Walks through the texts of formats with the tokens of one tokenizer. */
export class Walker {
  readonly vocabulary: Vocabulary;
  readonly #tokenOfByte = new Map<number, number>();

  constructor(readonly tokenizer: Tokenizer) {
    this.vocabulary = new Vocabulary(tokenizer);
    for (let id = 0; id < tokenizer.vocabularySize; id++) {
      const bytes = this.vocabulary.bytes(id);
      if (bytes?.length === 1) this.#tokenOfByte.set(bytes[0], id);
    }
  }

  /** What reads a format and what finds its masks. */
  compile(format: OutputFormat): { network: Network; masks: Masks; toEnd: Float64Array } {
    const network = compileFormat(format, this.vocabulary);
    return { network, masks: new Masks(network, this.vocabulary), toEnd: bytesToEnd(network) };
  }

  /**
   * Takes `steps` tokens, each one of those allowed, then goes the shortest way to the end, byte by
   * byte.
   */
  walk(
    { network, masks, toEnd }: ReturnType<Walker["compile"]>,
    { steps, random }: { steps: number; random: () => number },
  ): string {
    const constraint = new FormatConstraint(masks);
    const reader = new Reader(network);
    const ids: number[] = [];
    let now = reader.start();
    for (let step = 0;; step++) {
      const mask = constraint.mask();
      for (const token of this.vocabulary.endTokens) {
        assert(isAllowed(mask, token) === now.complete, "the end is allowed where it is complete");
      }
      if (now.complete && (step >= steps || now.pairs.length === 0)) break;
      let token: number;
      if (step < steps) {
        for (const token of this.vocabulary.endTokens) mask[token >> 5] &= ~(1 << (token & 31));
        const tokens = tokensOf(mask);
        assert(tokens.length > 0, `stuck behind ${this.tokenizer.decode(ids)}`);
        token = tokens[Math.floor(random() * tokens.length)];
      } else {
        token = this.#tokenOfByte.get(nextByte(network, reader, now, toEnd))!;
        assert(isAllowed(mask, token), "the way to the end is allowed");
      }
      constraint.accept(token);
      ids.push(token);
      for (const byte of this.vocabulary.bytes(token)!) now = reader.read(now, byte);
    }
    const bytes = ids.flatMap((id) => [...this.vocabulary.bytes(id)!]);
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
  }

  /** The first token of a text that the masks forbid, and the end where that is forbidden. */
  refused(masks: Masks, text: string): string | undefined {
    const constraint = new FormatConstraint(masks);
    for (const id of this.tokenizer.encode(text)) {
      if (!isAllowed(constraint.mask(), id)) return this.tokenizer.decode([id]);
      constraint.accept(id);
    }
    return constraint.complete ? undefined : "the end";
  }
}

/** The fewest bytes from each state to the exit of its rule: [states]. */
function bytesToEnd({ exits, edges, jumps }: Network): Float64Array {
  const least = new Float64Array(exits.length).fill(Infinity);
  for (let changed = true; changed;) {
    changed = false;
    for (let state = exits.length - 1; state >= 0; state--) {
      let best = exits[state] ? 0 : least[state];
      for (let i = edges.starts[state]; i < edges.starts[state + 1]; i++) {
        best = Math.min(best, 1 + least[edges.to[i]]);
      }
      for (let i = jumps.starts[state]; i < jumps.starts[state + 1]; i++) {
        const rule = jumps.rule[i] < 0 ? 0 : least[jumps.rule[i]];
        best = Math.min(best, rule + least[jumps.to[i]]);
      }
      if (best < least[state]) {
        least[state] = best;
        changed = true;
      }
    }
  }
  return least;
}

/** The first byte of the shortest way to the end. */
function nextByte(
  { edges }: Network,
  reader: Reader,
  { pairs }: Configurations,
  toEnd: Float64Array,
): number {
  let [best, byte] = [Infinity, -1];
  for (let i = 0; i < pairs.length; i += 2) {
    let rest = 0;
    for (let stack = pairs[i + 1]; stack !== 0; stack = reader.stacks.below(stack)) {
      rest += toEnd[reader.stacks.top(stack)];
    }
    for (let edge = edges.starts[pairs[i]]; edge < edges.starts[pairs[i] + 1]; edge++) {
      const bytes = 1 + toEnd[edges.to[edge]] + rest;
      if (bytes < best) [best, byte] = [bytes, edges.first[edge]];
    }
  }
  return byte;
}
