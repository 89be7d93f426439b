/** One forward pass over some rows of some sequences, and what is wanted of it. */
export interface Step {
  /** Slot, position, token and cell of each row; 4 each. */
  rows: number[];
  /** Row, slot, position and log-probabilities of each token to be chosen; 4 each. */
  picks: number[];
  /** Whether penalties, a bias or a mask change the logits of a choice. */
  adjusts: boolean;
  /** Whether log-probabilities of a choice are wanted. */
  scores: boolean;
  /** The same as `picks` of rows whose next token is known, and those tokens. */
  prompt: { picks: number[]; tokens: number[] };
  /** Slots whose rows are pooled, and those whose sums are wanted now. */
  pools: number[];
  pooled: number[];
}

/** Tokens and their log-probabilities, 21 a row: the row's own and then the likeliest. */
export interface Scores {
  ids: Uint32Array;
  logprobs: Float32Array;
}

/** What came of a step. */
export interface StepResult {
  /** The token of each pick. */
  chosen: Uint32Array;
  /** Those of picks, where wanted. */
  scores: Scores;
  /** Those of the prompt's picks. */
  prompt: Scores;
  /** Pooled sums, [C] each. */
  pooled: Float32Array[];
}

/** Steps that the GPU has been given. */
export interface Flight {
  /** Milliseconds that writing the commands down took. */
  encodeMs: number;
  /** When they were handed over, as `performance.now()` tells. */
  submittedAt: number;
  /** What came of each step. The call waits until the GPU is idle, the promise a little longer. */
  results(): Promise<StepResult[]>;
}
