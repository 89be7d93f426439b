import { z } from "@hono/zod-openapi";
import type { ServedModel } from "../engine/mod.ts";
import { badRequest } from "../errors.ts";
import { encodeText } from "../text/mod.ts";
import { quote } from "./issues.ts";

/** A text, its token ids, or several of either. */
export type Prompt = string | string[] | number[] | number[][];

/**
 * The schema of prompts; what they hold is checked by {@linkcode promptParts}, which stops at the
 * first fault of what may be a hundred thousand ids.
 */
export const prompt: z.ZodType<Prompt, Prompt> = z.custom<Prompt>(
  (value) => typeof value === "string" || Array.isArray(value),
  { error: "must be a string, an array of strings, of token ids, or of arrays of token ids" },
).openapi({
  type: ["string", "array"],
  anyOf: [
    { type: "string" },
    { type: "array", items: { type: "string" } },
    { type: "array", items: { type: "integer", minimum: 0 } },
    { type: "array", items: { type: "array", items: { type: "integer", minimum: 0 } } },
  ],
});

/** One text or list of token ids of a {@linkcode Prompt}. */
export interface PromptPart {
  /** What it is. */
  content: string | number[];
  /** Path of it in the body. */
  param: string;
}

/**
 * The parts of a prompt in their order.
 *
 * @throws {HttpError} 400 where there are none, more than `max`, or they are not all of one kind
 */
export function promptParts(value: Prompt, param: string, max: number): PromptPart[] {
  if (typeof value === "string") return [{ content: value, param }];
  if (value.length === 0) throw badRequest(`${param} must hold something, got []`, { param });
  if (typeof value[0] === "number") return [{ content: value as number[], param }];
  if (value.length > max) {
    throw badRequest(`${param} must have at most ${max} items, got ${value.length}`, { param });
  }
  const isText = typeof value[0] === "string";
  return value.map((content, i) => {
    const path = `${param}.${i}`;
    if (isText ? typeof content !== "string" : !Array.isArray(content)) {
      throw badRequest(
        `${path} must be ${isText ? "a string" : "an array of token ids"}, got ${quote(content)}`,
        { param: path },
      );
    }
    return { content: content as string | number[], param: path };
  });
}

/**
 * The token ids of a part.
 *
 * @throws {HttpError} 400 where it is empty, too long or holds an id outside the vocabulary
 */
export function promptTokens(model: ServedModel, { content, param }: PromptPart): Uint32Array {
  const ids = typeof content === "string"
    ? encodeText(model, content, { param })
    : tokenIds(model, content, param);
  if (ids.length === 0) throw badRequest(`${param} must hold at least one token`, { param });
  return ids;
}

/**
 * Checks token ids that a client gives.
 *
 * @throws {HttpError} 400 naming the first that is outside the vocabulary
 */
export function tokenIds(
  { vocabularySize: V }: ServedModel,
  ids: readonly unknown[],
  param: string,
): Uint32Array {
  const at = ids.findIndex((id) => !isTokenId(id, V));
  if (at < 0) return Uint32Array.from(ids as number[]);
  const path = `${param}.${at}`;
  throw badRequest(
    `${path} is out of vocabulary: token ids must be whole numbers of 0 to ${V - 1}, got ${
      quote(ids[at])
    } (the vocabulary has ${V} tokens)`,
    { param: path },
  );
}

function isTokenId(id: unknown, vocabularySize: number): boolean {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) < vocabularySize;
}
