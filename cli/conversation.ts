import type { TemplateMessage } from "../serve/mod.ts";

/** Options of a {@linkcode Conversation}. */
export interface ConversationOptions {
  /** What stands before all turns and is never forgotten. @default nothing */
  system?: string;
  /** Most tokens that the prompt may have. */
  maxTokens: number;
  /** The prompt of messages. */
  encode(messages: readonly TemplateMessage[]): Uint32Array;
}

/** A talk in turns, which forgets its oldest turns where the model's context is full. */
export class Conversation {
  #turns: TemplateMessage[] = [];
  /** Turns that were forgotten. */
  forgotten = 0;

  constructor(private readonly options: ConversationOptions) {}

  /**
   * The prompt after the user's words.
   *
   * @throws {RangeError} if these alone are too long; they are not taken in then
   */
  ask(content: string): Uint32Array {
    const turns = [...this.#turns, { role: "user", content }];
    const { encode, maxTokens, system } = this.options;
    const first = system === undefined ? [] : [{ role: "system", content: system }];
    for (let from = 0;; from += 2) {
      const prompt = encode([...first, ...turns.slice(from)]);
      if (prompt.length <= maxTokens) {
        this.#turns = turns.slice(from);
        this.forgotten += from;
        return prompt;
      }
      if (from < turns.length - 1) continue;
      throw new RangeError(
        `Cannot answer: this makes a prompt of ${prompt.length} tokens, and at most ${maxTokens} ` +
          "leave room for an answer in the model's context; say it shorter",
      );
    }
  }

  /** Takes the model's answer in. */
  answer(content: string): void {
    this.#turns.push({ role: "assistant", content });
  }

  /** Begins anew. */
  clear(): void {
    this.#turns = [];
  }
}
