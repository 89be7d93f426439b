/** What the scheduler is asked for, and what it tells while it answers. */

/** How each next token of one sequence is chosen. */
export interface SamplingOptions {
  /** Divides the logits; 0 always takes the likeliest token. @default 1 */
  temperature: number;
  /** Keeps the k likeliest tokens; 0 keeps all. @default 0 */
  topK: number;
  /** Keeps the likeliest tokens that together reach this probability. @default 1 */
  topP: number;
  /** Keeps tokens at least this share as likely as the likeliest. @default 0 */
  minP: number;
  /** Taken from the logit of each token that the answer holds already. @default 0 */
  presencePenalty: number;
  /** Taken from a token's logit for each time that the answer holds it. @default 0 */
  frequencyPenalty: number;
  /** Divides positive and multiplies negative logits of tokens in prompt or answer. @default 1 */
  repetitionPenalty: number;
  /** Added to the logits of these token ids. @default none */
  logitBias: ReadonlyMap<number, number>;
  /** With the place of a token in its sequence it decides every random choice. @default 1 */
  seed: number;
}

/** Says which tokens may come next, such as an automaton of a JSON schema. */
export interface Constraint {
  /** The tokens allowed now: bit i % 32 of word ⌊i / 32⌋ stands for token i; [⌈V / 32⌉]. */
  mask(): Promise<Uint32Array> | Uint32Array;
  /** Takes in the token that was chosen. */
  accept(token: number): Promise<void> | void;
}

/** A prompt to continue. */
export interface GenerationRequest {
  /** Token ids, at least one, fewer than the model's context. */
  prompt: ArrayLike<number>;
  /** Most tokens of the answer; 0 only reads the prompt. */
  maxTokens: number;
  /** How tokens are chosen. @default every option's own default */
  sampling?: Partial<SamplingOptions>;
  /** Tokens that end the answer and are no part of it, such as end-of-text. @default none */
  stopTokens?: readonly number[];
  /** Texts that end the answer and are no part of it. @default none */
  stop?: readonly string[];
  /** Number of likeliest tokens to tell beside each chosen one, 0 for the chosen one alone. @default no log-probabilities */
  logprobs?: number;
  /** The same for the tokens of the prompt. @default no log-probabilities */
  promptLogprobs?: number;
  /** Only requests of one salt share cached blocks. @default "" */
  cacheSalt?: string;
  /** Which tokens may come. @default all */
  constraint?: Constraint;
  /** Name of the adapter to answer with; see `Scheduler.addAdapter`. @default none */
  adapter?: string;
}

/** The log-probability of a token under the model, before penalties, bias and temperature. */
export interface TokenLogprob {
  /** The token. */
  id: number;
  /** Natural logarithm of its probability. */
  logprob: number;
  /** The likeliest tokens in its place, likeliest first. */
  top: { id: number; logprob: number }[];
}

/** What the scheduler tells of a request, in this order. */
export type GenerationEvent = PromptEvent | TokensEvent | EndEvent;

/** The prompt has been read. */
export interface PromptEvent {
  /** `prompt`. */
  type: "prompt";
  /** Tokens of the prompt that came from the prefix cache. */
  cachedTokens: number;
  /** For each token of the prompt, null for the first; present where they were asked for. */
  logprobs?: (TokenLogprob | null)[];
}

/** More tokens of the answer: those of one readback. */
export interface TokensEvent {
  /** `tokens`. */
  type: "tokens";
  /** Their ids. */
  tokens: number[];
  /** The text that is sure now: whole characters, nothing that may turn out to be a stop text. */
  text: string;
  /** Of each token; present where they were asked for. */
  logprobs?: TokenLogprob[];
}

/** The answer is over. */
export interface EndEvent {
  /** `end`. */
  type: "end";
  /**
   * `stop` at a stop token, a stop text or the end of what a constraint allows, `length` at the most
   * tokens or the end of the context, `cancelled` where it was cancelled.
   */
  reason: "stop" | "length" | "cancelled";
  /** The stop token or text that ended it. */
  stopped?: number | string;
  /** Tokens of the answer, the stop token and those of a stop text among them. */
  tokens: number;
  /** Milliseconds from submission to the first forward pass. */
  queueMs: number;
  /** Milliseconds from there until the prompt was read. */
  prefillMs: number;
  /** Milliseconds from there to the end. */
  decodeMs: number;
}
