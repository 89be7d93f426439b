import type { IncrementalDecoder, Tokenizer } from "../../data/mod.ts";

/** The text of an answer as its tokens come, with what may yet become a stop text held back. */
export class AnswerText {
  /** The stop text that ended the answer. */
  stopped: string | undefined;
  #held = "";

  #decoder: IncrementalDecoder | undefined;
  #vocabularySize: number;

  /**
   * Begins an answer.
   *
   * @param tokenizer turns tokens to text; without one there is none
   * @param stops texts that end the answer
   * @param before the token before the answer, which tells how its first one is written
   */
  constructor(
    tokenizer: Tokenizer | undefined,
    private readonly stops: readonly string[],
    before?: number,
  ) {
    this.#decoder = tokenizer?.incrementalDecoder();
    this.#vocabularySize = tokenizer?.vocabularySize ?? 0;
    if (before !== undefined) this.#decode(before);
  }

  /** Takes in a token; returns the text that is sure now. */
  push(token: number): string {
    return this.#show(this.#decode(token));
  }

  /** The rest, where nothing comes any more. */
  end(): string {
    if (this.stopped !== undefined) return "";
    const text = this.#show(this.#decoder?.end() ?? "") + this.#held;
    this.#held = "";
    return text;
  }

  /** A model may have more tokens than its tokenizer; they have no text. */
  #decode(token: number): string {
    return token < this.#vocabularySize ? this.#decoder!.push(token) : "";
  }

  #show(piece: string): string {
    if (piece === "" || this.stopped !== undefined) return "";
    const text = this.#held + piece;
    let end = text.length;
    for (const stop of this.stops) {
      const at = text.indexOf(stop);
      if (at >= 0 && at < end) [end, this.stopped] = [at, stop];
    }
    if (this.stopped === undefined) end -= this.#mayBeStop(text);
    this.#held = this.stopped === undefined ? text.slice(end) : "";
    return text.slice(0, end);
  }

  /** Length of the longest end of `text` that begins a stop text. */
  #mayBeStop(text: string): number {
    let most = 0;
    for (const stop of this.stops) {
      for (let n = Math.min(stop.length - 1, text.length); n > most; n--) {
        if (text.endsWith(stop.slice(0, n))) most = n;
      }
    }
    return most;
  }
}
