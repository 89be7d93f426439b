import { MOST_TOP } from "../../kernels/mod.ts";
import type { GptConfig } from "../config.ts";
import type { GenerationRequest } from "./request.ts";
import { assertSampling, SAMPLING_DEFAULTS } from "./sampling.ts";
import type { CheckedRequest } from "./sequence.ts";

/**
 * Fills in a request's defaults and checks it.
 *
 * @throws {RangeError} if a value is out of its range
 */
export function checkRequest(
  { adapter: _, ...request }: GenerationRequest,
  { context, vocabularySize }: GptConfig,
): CheckedRequest {
  const prompt = Array.from(request.prompt);
  assertTokens("the prompt", prompt, vocabularySize);
  if (prompt.length === 0 || prompt.length >= context) {
    throw new RangeError(
      `Cannot generate: the prompt must have 1 to ${
        context - 1
      } tokens, fewer than the model's context of ${context}, got ${prompt.length}`,
    );
  }
  const { maxTokens, stopTokens = [], stop = [], logprobs, promptLogprobs } = request;
  assertCount("maxTokens", maxTokens, Infinity);
  assertCount("logprobs", logprobs ?? 0, MOST_TOP);
  assertCount("promptLogprobs", promptLogprobs ?? 0, MOST_TOP);
  assertTokens("stopTokens", stopTokens, vocabularySize);
  if (stop.includes("")) throw new RangeError("Cannot generate: stop must not hold an empty text");
  const sampling = { ...SAMPLING_DEFAULTS, ...request.sampling };
  assertSampling(sampling, vocabularySize);
  const { cacheSalt = "" } = request;
  // No more can be told than there are tokens.
  const most = (count?: number) => count === undefined ? count : Math.min(count, vocabularySize);
  return {
    ...request,
    ...{ prompt, sampling, stopTokens, stop, cacheSalt, pools: false },
    ...{ logprobs: most(logprobs), promptLogprobs: most(promptLogprobs) },
  };
}

/**
 * Checks ids to be embedded.
 *
 * @throws {RangeError} if there are none, too many, or one is outside the vocabulary
 */
export function checkEmbedding(
  ids: ArrayLike<number>,
  { context, vocabularySize }: GptConfig,
): CheckedRequest {
  const prompt = Array.from(ids);
  assertTokens("the text", prompt, vocabularySize);
  if (prompt.length === 0 || prompt.length > context) {
    throw new RangeError(
      `Cannot embed: the text must have 1 to ${context} tokens, the model's context, got ${prompt.length}`,
    );
  }
  const rest = { sampling: SAMPLING_DEFAULTS, stopTokens: [], stop: [], cacheSalt: "" };
  return { prompt, maxTokens: 0, ...rest, pools: true };
}

function assertTokens(what: string, ids: readonly number[], vocabularySize: number): void {
  const outside = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
  if (outside === undefined) return;
  throw new RangeError(
    `Cannot generate: token ${outside} of ${what} is outside the model's vocabulary of ${vocabularySize}`,
  );
}

function assertCount(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return;
  const rule = most === Infinity
    ? "a whole number of at least 0"
    : `a whole number of 0 to ${most}`;
  throw new RangeError(`Cannot generate: ${name} must be ${rule}, got ${value}`);
}
