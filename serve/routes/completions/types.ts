import type { Usage } from "../../generation/mod.ts";
import type { GenerationFields, Prompt } from "../../schema/mod.ts";

/** A prompt to continue. */
export interface CompletionRequest extends GenerationFields {
  /** A text, its token ids, or several of either. @default the model's end-of-text token */
  prompt?: Prompt | null;
  /** Most tokens of each answer. @default 16 */
  max_tokens?: number | null;
  /** Answers to each prompt of which the n likeliest are told. @default n */
  best_of?: number | null;
  /** Whether each text begins with its prompt. @default false */
  echo?: boolean | null;
  /** Number of likeliest tokens to tell beside each token, 0 to 5. @default no log-probabilities */
  logprobs?: number | null;
}

/** Log-probabilities of the tokens of a text. */
export interface CompletionLogprobs {
  /** The tokens; those that are a part of a character as `bytes:\xe2\x80`. */
  tokens: string[];
  /** Natural logarithm of each token's probability; null for the first of a prompt. */
  token_logprobs: (number | null)[];
  /** The likeliest tokens and the one that was taken; null for the first of a prompt. */
  top_logprobs: (Record<string, number> | null)[];
  /** Where each token begins in the text, in characters. */
  text_offset: number[];
}

/** An answer. */
export interface CompletionChoice {
  /** Its text. */
  text: string;
  /** Prompt p's answer i has the index p·n + i. */
  index: number;
  /** Log-probabilities, where they were asked for. */
  logprobs: CompletionLogprobs | null;
  /** `stop` at a stop text or the model's end of text, `length` at the most tokens. */
  finish_reason: "stop" | "length";
}

/** All answers of a request. */
export interface CompletionBody {
  /** `cmpl-` and a number. */
  id: string;
  /** `text_completion`. */
  object: "text_completion";
  /** When the request came in, in seconds since 1970. */
  created: number;
  /** Name of the model. */
  model: string;
  /** Names the code that answered. */
  system_fingerprint: string;
  /** The answers, by index. */
  choices: CompletionChoice[];
  /** What they have cost. */
  usage: Usage;
}
