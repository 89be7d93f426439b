/** `POST /v1/completions`. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { AnswerEvent, ServedModel } from "../../engine/mod.ts";
import { badRequest } from "../../errors.ts";
import {
  ChunkWriter,
  collectAnswer,
  planAnswers,
  startAnswer,
  streamAnswer,
  SYSTEM_FINGERPRINT,
} from "../../generation/mod.ts";
import {
  assertStreamOptions,
  jsonRequest,
  jsonResponses,
  type PromptPart,
  promptParts,
  promptTokens,
} from "../../schema/mod.ts";
import { type AppEnv, findModel, type Services } from "../../services.ts";
import { assertFits, mapWithPauses } from "../../text/mod.ts";
import { type ChoicePart, ChoiceParts, joinParts } from "./parts.ts";
import { completionBody, completionRequest } from "./schema.ts";
import type { CompletionRequest } from "./types.ts";

export type {
  CompletionBody,
  CompletionChoice,
  CompletionLogprobs,
  CompletionRequest,
} from "./types.ts";

/** Most tokens of an answer where the request does not say it, as OpenAI has it. */
const DEFAULT_MAX_TOKENS = 16;

const route = createRoute({
  method: "post",
  path: "/v1/completions",
  summary: "Continues texts; with `stream` as server-sent events",
  request: jsonRequest(completionRequest),
  responses: jsonResponses("The continuations", completionBody, true),
});

/** The route of completions. */
export function completions(services: Services) {
  return new OpenAPIHono<AppEnv>().openapi(route, async (c) => {
    const fields = c.req.valid("json");
    const exchange = c.get("exchange");
    assertStreamOptions(fields);
    const model = findModel(services, fields.model, "writes");
    const { n, bestOf } = choicesOf(fields);
    const prompts = await readPrompts(services, model, fields);
    const { logprobs: top, echo } = fields;
    const logprobs = top ?? (bestOf > n ? 0 : undefined);
    const request = planAnswers(fields, {
      ...{ model, limits: services.limits, client: exchange.client! },
      prompts: prompts.map(({ ids }) => ids),
      ...{ maxTokens: prompts.map(({ maxTokens }) => maxTokens), bestOf, logprobs },
      promptLogprobs: echo ? top ?? undefined : undefined,
    });
    const run = await startAnswer(c, services, request, {
      ...{ answersPerPrompt: bestOf, formatParam: "structured_outputs" },
    });
    const parts = new ChoiceParts({
      tokenizer: model.tokenizer,
      logprobs: typeof top === "number",
      echo: echo ? (sequence) => prompts[Math.floor(sequence / bestOf)] : undefined,
    });
    const head = {
      id: `cmpl-${crypto.randomUUID()}`,
      object: "text_completion" as const,
      created: Math.floor(Date.now() / 1000),
      model: model.id,
    };
    if (fields.stream) {
      const chunks = new ChunkWriter(head, fields.stream_options ?? {});
      return streamAnswer(c, services, run, {
        write: (events) =>
          parts.take(events).filter(saysSomething).map((part) =>
            chunks.choice(JSON.stringify(choiceOf(part, part.sequence)))
          ).join(""),
        end: ({ usage }) => chunks.usage(usage),
      }) as never;
    }
    const whole: ChoicePart[] = [];
    const scores = request.sequences.map(() => new MeanLogprob());
    await collectAnswer(c, services, run, (events) => {
      for (const { sequence, event } of events) scores[sequence].take(event);
      for (const part of parts.take(events)) {
        const before = whole[part.sequence];
        whole[part.sequence] = before ? joinParts(before, part) : part;
      }
    });
    const told = best(scores, n, bestOf);
    return c.json({
      ...head,
      system_fingerprint: SYSTEM_FINGERPRINT,
      choices: told.map((sequence, index) => choiceOf(whole[sequence], index)),
      usage: run.usage,
    }, 200);
  });
}

/** How many answers are told of how many. */
function choicesOf({ n, best_of, stream }: CompletionRequest): { n: number; bestOf: number } {
  const [told, bestOf] = [n ?? 1, best_of ?? n ?? 1];
  if (bestOf < told) {
    throw badRequest(`best_of must be at least n, which is ${told}; got ${bestOf}`, {
      param: "best_of",
    });
  }
  if (bestOf > told && stream) {
    throw badRequest("best_of can't be streamed: which answer is best is known at the end only", {
      param: "best_of",
    });
  }
  return { n: told, bestOf };
}

interface ReadPrompt {
  text: string;
  ids: Uint32Array;
  maxTokens: number;
}

async function readPrompts(
  { limits }: Services,
  model: ServedModel,
  { prompt, max_tokens }: CompletionRequest,
): Promise<ReadPrompt[]> {
  const parts = promptParts(prompt ?? "", "prompt", limits.answers);
  return await mapWithPauses(parts, (part) => {
    const ids = startOf(model, part) ?? promptTokens(model, part);
    assertFits(model, ids.length, max_tokens ?? 1, part.param);
    return {
      ids,
      text: typeof part.content === "string" ? part.content : model.tokenizer.decode(ids),
      maxTokens: max_tokens ?? Math.min(DEFAULT_MAX_TOKENS, model.context - ids.length),
    };
  });
}

/** What an empty text stands for: the token that ends the text before. */
function startOf({ endTokens }: ServedModel, { content }: PromptPart): Uint32Array | undefined {
  return content === "" && endTokens.length > 0 ? Uint32Array.of(endTokens[0]) : undefined;
}

function saysSomething({ text, logprobs, finish_reason }: ChoicePart): boolean {
  return text !== "" || (logprobs?.tokens.length ?? 0) > 0 || finish_reason !== null;
}

function choiceOf({ text, logprobs, finish_reason }: ChoicePart, index: number) {
  return { text, index, logprobs, finish_reason: finish_reason! };
}

/** The mean log-probability of a sequence's tokens. */
class MeanLogprob {
  #sum = 0;
  #count = 0;

  take(event: AnswerEvent["event"]): void {
    if (event.type !== "tokens") return;
    for (const { logprob } of event.logprobs ?? []) {
      this.#sum += logprob;
      this.#count++;
    }
  }

  get value(): number {
    return this.#count > 0 ? this.#sum / this.#count : -Infinity;
  }
}

/** The sequences to tell: of each prompt's the n with the highest mean log-probability. */
function best(scores: readonly MeanLogprob[], n: number, bestOf: number): number[] {
  const all = [...scores.keys()];
  if (bestOf === n) return all;
  return all.filter((i) => i % bestOf === 0).flatMap((first) =>
    all.slice(first, first + bestOf).toSorted((a, b) => scores[b].value - scores[a].value)
      .slice(0, n)
  );
}
