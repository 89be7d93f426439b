/** Bounds of what clients may ask for and of how long they may take. */
export interface Limits {
  /** Bytes of a request's body. @default 4194304 */
  bodyBytes: number;
  /** Values in a request's body, by its commas. @default 262144 */
  bodyValues: number;
  /** Tokens of a prompt; 0 for as many as the model's context holds. @default 0 */
  promptTokens: number;
  /** Choices for a prompt, `n`. @default 128 */
  choices: number;
  /** Answers of which the best are kept, `best_of`. @default 20 */
  bestOf: number;
  /** Answers of a request: its prompts times their choices. @default 256 */
  answers: number;
  /** Texts that end an answer, `stop`. @default 4 */
  stops: number;
  /** UTF-8 bytes of each of them. @default 256 */
  stopBytes: number;
  /** Tokens that `logit_bias` may name. @default 1024 */
  biasedTokens: number;
  /** Messages of a chat. @default 2048 */
  messages: number;
  /** Texts of one request for embeddings. @default 2048 */
  inputs: number;
  /** Answers that may wait for a place in the batch. @default 256 */
  queueLength: number;
  /** Requests a minute and key; 0 for any number. @default 0 */
  requestsPerMinute: number;
  /** Tokens of prompts and answers a minute and key; 0 for any number. @default 0 */
  tokensPerMinute: number;
  /** From the request to the first token, the wait in the queue included. @default 120 */
  firstTokenSeconds: number;
  /** From one token to the next. @default 60 */
  betweenTokensSeconds: number;
  /** From the request to the end of the answer. @default 600 */
  totalSeconds: number;
  /** For a request's headers and body to arrive. @default 30 */
  requestSeconds: number;
  /** How long a connection may be open without a request. @default 75 */
  idleSeconds: number;
  /** How long a client may leave an answer unread. @default 60 */
  stalledSeconds: number;
  /** Events of an answer that may wait for a slow reader. @default 1024 */
  queuedEvents: number;
}

/** What holds where nothing else is said. */
export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 4 << 20,
  bodyValues: 1 << 18,
  promptTokens: 0,
  choices: 128,
  bestOf: 20,
  answers: 256,
  stops: 4,
  stopBytes: 256,
  biasedTokens: 1024,
  messages: 2048,
  inputs: 2048,
  queueLength: 256,
  requestsPerMinute: 0,
  tokensPerMinute: 0,
  firstTokenSeconds: 120,
  betweenTokensSeconds: 60,
  totalSeconds: 600,
  requestSeconds: 30,
  idleSeconds: 75,
  stalledSeconds: 60,
  queuedEvents: 1024,
};
