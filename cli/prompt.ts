import type { Tokenizer } from "../data/mod.ts";

/** What a model continues where no prompt is given: a line break, or its first token. */
export function firstTokens(tokenizer: Tokenizer): Uint32Array {
  try {
    return tokenizer.encode("\n");
  } catch (error) {
    if (error instanceof RangeError) return Uint32Array.of(0);
    throw error;
  }
}
