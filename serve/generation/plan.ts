import type { AnswerRequest, OutputFormat, SequenceRequest, ServedModel } from "../engine/mod.ts";
import { badRequest } from "../errors.ts";
import type { Client } from "../keys.ts";
import type { Limits } from "../limits.ts";
import { type GenerationFields, quote } from "../schema/mod.ts";

/** What a route knows beside the fields that completions and chat completions share. */
export interface PlanOptions {
  model: ServedModel;
  limits: Limits;
  client: Client;
  /** Token ids of each prompt. */
  prompts: readonly Uint32Array[];
  /** Most tokens of each answer, by prompt. */
  maxTokens: readonly number[];
  /** Answers for each prompt, of which the best are told. @default n */
  bestOf?: number;
  /** Likeliest tokens to tell beside each token. @default no log-probabilities */
  logprobs?: number;
  /** The same for the tokens of the prompts. @default no log-probabilities */
  promptLogprobs?: number;
  /** What the answers must look like. @default what `structured_outputs` says */
  format?: OutputFormat;
  /** Texts that end an answer beside the client's. @default none */
  stop?: readonly string[];
}

/**
 * What to ask of the engine: sequence p·bestOf + i is answer i to prompt p, its seed the client's
 * plus i.
 *
 * @throws {HttpError} 400 naming the field that is out of its bounds
 */
export function planAnswers(fields: GenerationFields, options: PlanOptions): AnswerRequest {
  const { model, limits, client, prompts, maxTokens } = options;
  const n = fields.n ?? 1;
  const { bestOf = n } = options;
  atMost(n, limits.choices, "n");
  if (prompts.length * bestOf > limits.answers) {
    throw badRequest(
      `${prompts.length} prompts with ${bestOf} answers each are more than ${limits.answers} answers; ask for fewer at once`,
      { param: "n" },
    );
  }
  prompts.forEach(({ length }) => {
    if (limits.promptTokens > 0) atMost(length, limits.promptTokens, "The tokens of a prompt");
  });
  const shared: Omit<SequenceRequest, "prompt" | "maxTokens"> = {
    stopTokens: fields.ignore_eos ? [] : model.endTokens,
    stop: stopTexts(fields, limits, options.stop),
    logprobs: options.logprobs,
    promptLogprobs: options.promptLogprobs,
    cacheSalt: client.salt,
  };
  const sampling = {
    temperature: fields.temperature ?? 1,
    topK: Math.max(0, fields.top_k ?? 0),
    topP: Math.max(fields.top_p ?? 1, SMALLEST_TOP_P),
    minP: fields.min_p ?? 0,
    presencePenalty: fields.presence_penalty ?? 0,
    frequencyPenalty: fields.frequency_penalty ?? 0,
    repetitionPenalty: fields.repetition_penalty ?? 1,
    logitBias: logitBias(fields.logit_bias, model, limits),
  };
  const seed = fields.seed ?? crypto.getRandomValues(new Uint32Array(1))[0];
  return {
    model: model.id,
    format: formatOf(fields, options.format),
    sequences: prompts.flatMap((prompt, p) =>
      Array.from({ length: bestOf }, (_, i): SequenceRequest => ({
        ...shared,
        prompt,
        maxTokens: maxTokens[p],
        sampling: { ...sampling, seed: seed + i },
      }))
    ),
  };
}

/** So small that one token reaches it: `top_p` of 0 keeps the likeliest token. */
const SMALLEST_TOP_P = 1e-9;

function atMost(value: number, max: number, name: string): void {
  if (value > max) {
    throw badRequest(`${name} must be at most ${max}, got ${value}`, { param: name });
  }
}

function stopTexts(
  { stop }: GenerationFields,
  { stops, stopBytes }: Limits,
  more: readonly string[] = [],
): string[] {
  const texts = typeof stop === "string" ? [stop] : stop ?? [];
  if (texts.length > stops) {
    throw badRequest(`stop must have at most ${stops} texts, got ${texts.length}`, {
      param: "stop",
    });
  }
  for (const text of texts) {
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > 0 && bytes <= stopBytes) continue;
    throw badRequest(
      `stop must hold texts of 1 to ${stopBytes} bytes of UTF-8, got one of ${bytes}`,
      { param: "stop" },
    );
  }
  return [...texts, ...more];
}

function logitBias(
  bias: Record<string, unknown> | null | undefined,
  { vocabularySize: V }: ServedModel,
  { biasedTokens }: Limits,
): ReadonlyMap<number, number> {
  const entries = Object.entries(bias ?? {});
  atMost(entries.length, biasedTokens, "logit_bias");
  const param = "logit_bias";
  const strangers = entries.filter(([key]) => !/^(0|[1-9]\d{0,9})$/.test(key) || Number(key) >= V);
  if (strangers.length > 0) {
    const names = strangers.map(([key]) => quote(key)).join(", ");
    throw badRequest(
      `logit_bias has keys out of vocabulary: they must be token ids of 0 to ${
        V - 1
      } (the vocabulary has ${V} tokens), got ${names}`,
      { param },
    );
  }
  for (const [key, value] of entries) {
    if (typeof value === "number" && value >= -100 && value <= 100) continue;
    throw badRequest(
      `logit_bias.${key} must be a number of -100 to 100, got ${quote(value)}`,
      { param: `${param}.${key}` },
    );
  }
  return new Map(entries.map(([key, value]) => [Number(key), value as number]));
}

function formatOf(
  { structured_outputs: outputs }: GenerationFields,
  format?: OutputFormat,
): OutputFormat | undefined {
  const { json, regex, choice } = outputs ?? {};
  const formats = [
    ...(format ? [format] : []),
    ...(json ? [{ type: "json_schema" as const, schema: json }] : []),
    ...(typeof regex === "string" ? [{ type: "regex" as const, pattern: regex }] : []),
    ...(choice ? [{ type: "choice" as const, choices: choice }] : []),
  ];
  if (formats.length <= 1) return formats[0];
  throw badRequest(
    "structured_outputs must say one thing of json, regex and choice, and none beside response_format",
    { param: "structured_outputs" },
  );
}
