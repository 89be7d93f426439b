/** `POST /tag`: the entities in texts. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { encodeWords, findWords } from "../../data/mod.ts";
import { classProbabilities, entitiesOf } from "../../model/mod.ts";
import type { ServedModel } from "../engine/mod.ts";
import { badRequest } from "../errors.ts";
import { computeWhole } from "../generation/mod.ts";
import { jsonRequest, jsonResponses } from "../schema/mod.ts";
import { type AppEnv, findModel, type Services } from "../services.ts";
import { encodeText, mapWithPauses } from "../text/mod.ts";

/** Texts whose entities are asked for. */
export interface TagRequest {
  /** Name of the model. */
  model: string;
  /** A text, or several. */
  input: string | string[];
  /** The client's own name for its user; not used. @default none */
  user?: string | null;
}

/** An entity in a text. */
export interface EntityBody {
  /** What it is, such as `PER`. */
  type: string;
  /** Its first character in the text, in code points. */
  start: number;
  /** Just after its last one. */
  end: number;
  /** Its text. */
  text: string;
  /** The lowest probability of the tags of its words. */
  score: number;
}

/** The entities of a text. */
export interface TaggedBody {
  /** Place of its text in the request. */
  index: number;
  /** They, in order. */
  entities: EntityBody[];
}

/** All entities of a request. */
export interface TagBody {
  /** `list`. */
  object: "list";
  /** Name of the model. */
  model: string;
  /** They, in the order of the texts. */
  data: TaggedBody[];
  /** What they have cost. */
  usage: {
    /** Tokens of all texts. */
    prompt_tokens: number;
    /** The same. */
    total_tokens: number;
  };
}

const request: z.ZodType<TagRequest, TagRequest> = z.strictObject({
  model: z.string(),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  user: z.string().nullish(),
}).openapi("TagRequest");

const body: z.ZodType<TagBody, TagBody> = z.object({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(z.object({
    index: z.int(),
    entities: z.array(z.object({
      type: z.string(),
      start: z.int(),
      end: z.int(),
      text: z.string(),
      score: z.number(),
    })),
  })),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
}).openapi("Tagged");

const route = createRoute({
  method: "post",
  path: "/tag",
  summary: "The entities in each text",
  request: jsonRequest(request),
  responses: jsonResponses("The entities", body),
});

/** The route of entities. */
export function tag(services: Services) {
  const { engine, limits, metrics, quota } = services;
  return new OpenAPIHono<AppEnv>().openapi(route, async (c) => {
    const fields = c.req.valid("json");
    const exchange = c.get("exchange");
    const model = findModel(services, fields.model, "tells words apart");
    const texts = [fields.input].flat();
    if (texts.length > limits.inputs) {
      throw badRequest(`input must have at most ${limits.inputs} items, got ${texts.length}`, {
        param: "input",
      });
    }
    const parts = await mapWithPauses(
      texts.map((text, i) => ({ text, param: texts.length > 1 ? `input.${i}` : "input" })),
      (part) => encoded(model, part),
    );
    const tokens = parts.reduce((sum, part) => sum + part.tokens.length, 0);
    exchange.facts = { model: model.id, prompt_tokens: tokens };
    const inputs = parts.map((part) => part.tokens);
    const logits = await computeWhole(
      c,
      services,
      (signal) => engine.logits(model.id, inputs, signal),
    );
    metrics.countPromptTokens(model.id, tokens);
    quota.spend(exchange.client!, tokens);
    const data = parts.map((part, index) => ({
      index,
      entities: entities(model, part, logits[index]),
    }));
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return c.json({ object: "list" as const, model: model.id, data, usage }, 200);
  });
}

/** A text as the model sees it, word by word. */
interface EncodedText {
  text: string;
  words: { start: number; end: number }[];
  tokens: Uint32Array;
  positions: Int32Array;
}

function encoded(
  model: ServedModel,
  { text, param }: { text: string; param: string },
): EncodedText {
  // Refuses what can't fit and characters that the vocabulary lacks, in words for clients.
  encodeText(model, text, { param });
  const words = findWords(text);
  const place = { path: param, line: 1, offset: 0 };
  const piece = model.task?.piece ?? "last";
  const { tokens, positions } = encodeWords({ text, words, place }, model.tokenizer, piece);
  if (tokens.length >= 1 && tokens.length <= model.context) {
    return { text, words, tokens, positions };
  }
  throw badRequest(
    `${param} must have 1 to ${model.context} tokens, the model's context; got ${tokens.length}`,
    { param, code: "context_length_exceeded" },
  );
}

function entities(
  { head }: ServedModel,
  { text, words, positions }: EncodedText,
  logits: Float32Array,
): EntityBody[] {
  const { labels } = head!;
  const K = labels.length;
  const told = Array.from(positions, (position) => {
    if (position < 0) return { tag: "O", score: 1 };
    const probs = classProbabilities(logits.subarray(position * K, (position + 1) * K));
    const score = Math.max(...probs);
    return { tag: labels[probs.indexOf(score)], score };
  });
  const codePoints = (end: number) => [...text.slice(0, end)].length;
  return entitiesOf(told.map(({ tag }) => tag), "default").map(({ type, start, end }) => {
    const [from, to] = [words[start].start, words[end - 1].end];
    return {
      ...{ type, start: codePoints(from), end: codePoints(to), text: text.slice(from, to) },
      score: Math.min(...told.slice(start, end).map(({ score }) => score)),
    };
  });
}
