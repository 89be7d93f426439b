import type { Tokenizer } from "../../data/mod.ts";

/** A token as log-probabilities show it. */
export interface TokenText {
  /** Its text; bytes that are a part of a character become U+FFFD. */
  text: string;
  /** Its UTF-8. */
  bytes: Uint8Array;
}

/** The text and the bytes of a token. */
export function tokenText(tokenizer: Tokenizer, id: number): TokenText {
  const bytes = tokenizer.bytes(id);
  return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), bytes };
}

/**
 * A token as OpenAI's completions name it: its text, or `bytes:\xe2\x80` where it is a part of a
 * character.
 */
export function tokenName(tokenizer: Tokenizer, id: number): string {
  const { text, bytes } = tokenText(tokenizer, id);
  if (!text.includes("\ufffd")) return text;
  const isWhole = new TextEncoder().encode(text).every((byte, i) => byte === bytes[i]);
  if (isWhole) return text;
  return "bytes:" + Array.from(bytes, (b) => `\\x${b.toString(16).padStart(2, "0")}`).join("");
}

/** Tells where each token begins in the text, in characters (code points). */
export class TextOffsets {
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #characters = 0;

  /** The offset of the next token, which is taken in. */
  next(bytes: Uint8Array): number {
    const offset = this.#characters;
    for (const _ of this.#decoder.decode(bytes, { stream: true })) this.#characters++;
    return offset;
  }
}
