/** What the workers of the last phase run: tokenizing. */
import { fingerprinter, splitOf } from "../dedup/mod.ts";
import { parseTokenizer } from "../tokenizers/mod.ts";
import { serveTasks } from "./pool.ts";
import { tokenize, type TokenizeResult, type TokenizeTask } from "./tokenize_task.ts";

/** What such a worker must know before its first task; plain values. */
export interface TokenizeSetup {
  /** The content of a tokenizer.json. */
  tokenizer: unknown;
  /** Id put behind each document. */
  endOfText?: number;
  validationFraction: number;
  seed: number;
  keepDropped: boolean;
}

serveTasks(({ validationFraction, seed, ...setup }: TokenizeSetup) => {
  const tokenizer = parseTokenizer(setup.tokenizer, "tokenizer.json");
  const fingerprint = fingerprinter({ kind: "exact" });
  const isValidation = (text: string) =>
    validationFraction > 0 &&
    splitOf(fingerprint(text), validationFraction, seed) === "validation";
  return (task: TokenizeTask) => {
    const result: TokenizeResult = tokenize(task, { ...setup, tokenizer, isValidation });
    return { result, transfer: [result.tokens.buffer as ArrayBuffer] };
  };
});
