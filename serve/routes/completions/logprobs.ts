import type { Tokenizer } from "../../../data/mod.ts";
import type { TokenLogprob } from "../../engine/mod.ts";
import { TextOffsets, tokenName } from "../../text/mod.ts";
import type { CompletionLogprobs } from "./types.ts";

/** Writes the log-probabilities of a text's tokens, in their order. */
export class LogprobsWriter {
  readonly #offsets = new TextOffsets();

  constructor(private readonly tokenizer: Tokenizer) {}

  /** Those of the tokens that come next; `null` is the first of a prompt. */
  write(entries: readonly (TokenLogprob | null)[], first?: number): CompletionLogprobs {
    const { tokenizer } = this;
    const name = (id: number) => tokenName(tokenizer, id);
    const ids = entries.map((entry) => entry?.id ?? first!);
    return {
      tokens: ids.map(name),
      token_logprobs: entries.map((entry) => entry?.logprob ?? null),
      top_logprobs: entries.map((entry) =>
        entry && Object.fromEntries(
          [...entry.top, entry].map(({ id, logprob }) => [name(id), logprob]),
        )
      ),
      text_offset: ids.map((id) => this.#offsets.next(tokenizer.bytes(id))),
    };
  }
}

/** The log-probabilities of two stretches of one text. */
export function joinLogprobs(a: CompletionLogprobs, b: CompletionLogprobs): CompletionLogprobs {
  return {
    tokens: [...a.tokens, ...b.tokens],
    token_logprobs: [...a.token_logprobs, ...b.token_logprobs],
    top_logprobs: [...a.top_logprobs, ...b.top_logprobs],
    text_offset: [...a.text_offset, ...b.text_offset],
  };
}
