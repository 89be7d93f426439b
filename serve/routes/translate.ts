/** `POST /translate`: texts to another language, by a model with an encoder or by a prompt. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { translationPrompt } from "../../data/mod.ts";
import { MOST_BEAMS } from "../../model/mod.ts";
import type { ServedModel } from "../engine/mod.ts";
import { badRequest } from "../errors.ts";
import {
  assertRoom,
  collectAnswer,
  computeWhole,
  planAnswers,
  startAnswer,
} from "../generation/mod.ts";
import { boundedArray, jsonRequest, jsonResponses } from "../schema/mod.ts";
import { type AppEnv, findModel, type Services } from "../services.ts";
import { assertFits, encodeSource, encodeText, mapWithPauses } from "../text/mod.ts";

/** Texts whose translations are asked for. */
export interface TranslateRequest {
  /** Name of the model. */
  model: string;
  /** A text, or several: sentences or what else the model learned to translate at a time. */
  input: string | string[];
  /** Translations that are followed side by side; 1 for greedy. @default 4, by a prompt 1 */
  beams?: number | null;
  /** Power of its length that a translation's score is divided by. @default 1 */
  length_penalty?: number | null;
  /** Runs of so many tokens may not come twice; 0 for no such rule. @default 0 */
  no_repeat_ngram?: number | null;
  /** Tokens of a translation at most, its end among them. @default what the context has room for */
  max_tokens?: number | null;
  /** The client's own name for its user; not used. @default none */
  user?: string | null;
}

/** The translation of a text. */
export interface TranslationBody {
  /** Place of its text in the request. */
  index: number;
  /** What it says. */
  text: string;
  /** Sum of its tokens' log-probabilities, divided by its length to the power of the penalty. */
  score: number;
}

/** All translations of a request. */
export interface TranslateBody {
  /** Name of the answer. */
  id: string;
  /** `list`. */
  object: "list";
  /** When it was made, in seconds since 1970. */
  created: number;
  /** Name of the model. */
  model: string;
  /** They, in the order of the texts. */
  data: TranslationBody[];
  /** What they have cost. */
  usage: {
    /** Tokens of all texts, with what stands around them. */
    prompt_tokens: number;
    /** Tokens of all translations that are told. */
    completion_tokens: number;
    /** Both. */
    total_tokens: number;
  };
}

/** Largest penalty and longest runs that make any difference. */
const [MOST_PENALTY, MOST_NGRAM] = [10, 64];
/** Most texts that can be asked for at once; a server may allow fewer. */
const MOST_TEXTS = 4096;

const text = z.string().regex(/\S/, { error: "must hold more than white space" });

const request: z.ZodType<TranslateRequest, TranslateRequest> = z.strictObject({
  model: z.string(),
  input: z.union([
    text,
    boundedArray(text, { min: 1, max: MOST_TEXTS, items: { type: "string" } }),
  ]),
  beams: z.int().min(1).max(MOST_BEAMS).nullish(),
  length_penalty: z.number().min(0).max(MOST_PENALTY).nullish(),
  no_repeat_ngram: z.int().min(0).max(MOST_NGRAM).nullish(),
  max_tokens: z.int().min(1).nullish(),
  user: z.string().nullish(),
}).openapi("TranslateRequest");

const body: z.ZodType<TranslateBody, TranslateBody> = z.object({
  id: z.string(),
  object: z.literal("list"),
  created: z.int(),
  model: z.string(),
  data: z.array(z.object({ index: z.int(), text: z.string(), score: z.number() })),
  usage: z.object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
  }),
}).openapi("Translations");

const route = createRoute({
  method: "post",
  path: "/translate",
  summary: "The translation of each text",
  request: jsonRequest(request),
  responses: jsonResponses("The translations", body),
});

/** The route of translations. */
export function translate(services: Services) {
  return new OpenAPIHono<AppEnv>().openapi(route, async (c) => {
    const fields = c.req.valid("json");
    const { limits } = services;
    const model = findModel(services, fields.model, "translates");
    const texts = [fields.input].flat();
    if (texts.length > limits.answers) {
      throw badRequest(`input must have at most ${limits.answers} items, got ${texts.length}`, {
        param: "input",
      });
    }
    const parts = texts.map((text, i) => ({
      ...{ text, param: texts.length > 1 ? `input.${i}` : "input" },
    }));
    const work = { c, services, model, fields, parts };
    const { data, usage } = await (model.hasEncoder ? bySearch(work) : byPrompt(work));
    return c.json({
      id: `translate-${c.get("requestId")}`,
      object: "list" as const,
      created: Math.floor(Date.now() / 1000),
      model: model.id,
      data,
      usage: { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens },
    }, 200);
  });
}

/** What is to be done. */
interface Work {
  c: Context<AppEnv>;
  services: Services;
  model: ServedModel;
  fields: TranslateRequest;
  /** The texts, and where each stands in the request. */
  parts: { text: string; param: string }[];
}

/** What came of it. */
interface Done {
  data: TranslationBody[];
  usage: { prompt_tokens: number; completion_tokens: number };
}

/** By the beam search of a model with an encoder. */
async function bySearch({ c, services, model, fields, parts }: Work): Promise<Done> {
  const { engine, metrics, quota } = services;
  const { beams, length_penalty, no_repeat_ngram, max_tokens } = fields;
  if ((max_tokens ?? 1) > model.context) {
    throw badRequest(`max_tokens must be at most ${model.context}, got ${max_tokens}`, {
      param: "max_tokens",
    });
  }
  const sources = await mapWithPauses(parts, ({ text, param }) => encodeSource(model, text, param));
  const prompt_tokens = sources.reduce((sum, { length }) => sum + length, 0);
  assertRoom(services, sources.length);
  const { facts, client } = c.get("exchange");
  Object.assign(facts, { model: model.id, prompt_tokens });
  const search = {
    beams: beams ?? undefined,
    lengthPenalty: length_penalty ?? undefined,
    noRepeatNgram: no_repeat_ngram ?? undefined,
    maxTokens: max_tokens ?? undefined,
  };
  const found = await computeWhole(
    c,
    services,
    (signal) => engine.translate(model.id, sources, search, signal),
  );
  const completion_tokens = found.reduce((sum, { tokens }) => sum + tokens.length, 0);
  facts.completion_tokens = completion_tokens;
  metrics.countPromptTokens(model.id, prompt_tokens);
  metrics.countGenerationTokens(model.id, completion_tokens);
  quota.spend(client!, prompt_tokens + completion_tokens);
  const data = found.map(({ tokens, score }, index) => ({
    ...{ index, text: model.tokenizer.decode(tokens).trim(), score },
  }));
  return { data, usage: { prompt_tokens, completion_tokens } };
}

/** By a prompt that a model of language was fine-tuned with, always the likeliest token. */
async function byPrompt({ c, services, model, fields, parts }: Work): Promise<Done> {
  assertGreedy(model, fields);
  const { context, task } = model;
  const prompts = await mapWithPauses(parts, ({ text, param }) => {
    const ids = encodeText(model, translationPrompt(text, task?.prompt), { param });
    assertFits(model, ids.length, fields.max_tokens ?? 1, param);
    return ids;
  });
  const asked = { model: model.id, temperature: 0, seed: 0 };
  const request = planAnswers(asked, {
    ...{ model, limits: services.limits, client: c.get("exchange").client!, prompts, logprobs: 0 },
    maxTokens: prompts.map(({ length }) => fields.max_tokens ?? context - length),
    stop: ["\n"],
  });
  const about = { answersPerPrompt: 1, formatParam: "model" };
  const run = await startAnswer(c, services, request, about);
  const told = parts.map(() => ({ text: "", sum: 0, tokens: 0 }));
  await collectAnswer(c, services, run, (events) => {
    for (const { sequence, event } of events) {
      if (event.type !== "tokens") continue;
      told[sequence].text += event.text;
      for (const { logprob } of event.logprobs ?? []) {
        told[sequence].sum += logprob;
        told[sequence].tokens++;
      }
    }
  });
  const { prompt_tokens, completion_tokens } = run.usage;
  const data = told.map(({ text, sum, tokens }, index) => ({
    ...{ index, text: text.trim(), score: sum / Math.max(1, tokens) },
  }));
  return { data, usage: { prompt_tokens, completion_tokens } };
}

/** @throws {HttpError} 400 naming a field that only a search by beams has */
function assertGreedy(
  { id }: ServedModel,
  { beams, length_penalty, no_repeat_ngram }: TranslateRequest,
): void {
  const usual = { beams: 1, length_penalty: 1, no_repeat_ngram: 0 };
  const given = { beams, length_penalty, no_repeat_ngram };
  for (const param of Object.keys(usual) as (keyof typeof usual)[]) {
    if ((given[param] ?? usual[param]) === usual[param]) continue;
    throw badRequest(
      `${param} must be ${usual[param]} or left out: ${id} has no encoder and translates by a ` +
        `prompt, always the likeliest token; got ${given[param]}`,
      { param },
    );
  }
}
