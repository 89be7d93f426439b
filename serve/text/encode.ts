import { sourceIds, type TemplateMessage } from "../../data/mod.ts";
import type { ServedModel } from "../engine/mod.ts";
import { badRequest, type HttpError } from "../errors.ts";
import { chatStretches } from "./chat_stretches.ts";

/** Bytes a token of the context beyond which a text is refused before it is tokenized. */
export const MAX_BYTES_A_TOKEN = 8;

/** How {@linkcode encodeText} encodes. */
export interface EncodeTextOptions {
  /** Path of the text's field, for errors. */
  param: string;
  /** Whether to add the tokens that stand around a text. @default true */
  addSpecialTokens?: boolean;
}

/**
 * The token ids of a client's text.
 *
 * @throws {HttpError} 400 where the text can't fit the model's context or its vocabulary lacks a
 * character
 */
export function encodeText(
  model: ServedModel,
  text: string,
  { param, addSpecialTokens = true }: EncodeTextOptions,
): Uint32Array {
  assertBytes(model, utf8Length(text, MAX_BYTES_A_TOKEN * model.context), param);
  return inVocabulary(param, () => model.tokenizer.encode(text, { addSpecialTokens }));
}

/**
 * The token ids of a client's text as an encoder reads it, the end among them. Special tokens that it
 * spells out are text.
 *
 * @throws {HttpError} 400 as {@linkcode encodeText}
 */
export function encodeSource(model: ServedModel, text: string, param: string): Uint32Array {
  const { context, tokenizer } = model;
  assertBytes(model, utf8Length(text, MAX_BYTES_A_TOKEN * context), param);
  const ids = inVocabulary(param, () => sourceIds(tokenizer, text));
  if (ids.length <= context) return ids;
  throw tooLong(
    `This model reads texts of up to ${context} tokens; ${param} has ${ids.length}. Shorten it, or ` +
      "send its sentences one by one.",
    param,
    { n_prompt_tokens: ids.length, n_ctx: context },
  );
}

/**
 * The token ids of a chat, the model's turn begun. Special tokens that messages spell out are text.
 *
 * @throws {HttpError} 400 as {@linkcode encodeText}, and where the template refuses the messages
 */
export function encodeChat(
  { context, tokenizer, chatTemplate }: Pick<ServedModel, "context" | "tokenizer" | "chatTemplate">,
  messages: readonly TemplateMessage[],
): Uint32Array {
  const limit = MAX_BYTES_A_TOKEN * context;
  let bytes = 0;
  for (const { content } of messages) {
    bytes += utf8Length(content, limit);
    assertBytes({ context }, bytes, "messages");
  }
  const { specialTokens } = tokenizer;
  const parts = chatStretches(chatTemplate, messages, specialTokens.keys()).map((stretch) =>
    "special" in stretch
      ? [specialTokens.get(stretch.special)!]
      : inVocabulary("messages", () => tokenizer.encode(stretch.text, { findSpecialTokens: false }))
  );
  return Uint32Array.from(parts.flatMap((ids) => [...ids]));
}

/**
 * Checks that a prompt and its answer fit the context.
 *
 * @param maxTokens of the answer, as the client asks for it
 * @throws {HttpError} 400 `context_length_exceeded`
 */
export function assertFits(
  { context }: { context: number },
  promptTokens: number,
  maxTokens: number,
  param: string,
): void {
  if (promptTokens < context && promptTokens + maxTokens <= context) return;
  throw tooLong(
    `This model's context holds ${context} tokens, the prompt among them; the prompt has ` +
      `${promptTokens} and the answer may have ${maxTokens}. Shorten the prompt or ask for fewer tokens.`,
    param,
    { n_prompt_tokens: promptTokens, n_ctx: context },
  );
}

function assertBytes({ context }: { context: number }, bytes: number, param: string): void {
  if (bytes <= MAX_BYTES_A_TOKEN * context) return;
  throw tooLong(
    `This model's context holds ${context} tokens; the text has more than ${MAX_BYTES_A_TOKEN} ` +
      "bytes for each of them and was not tokenized. Shorten it.",
    param,
    { n_ctx: context },
  );
}

function tooLong(
  message: string,
  param: string,
  details: { n_prompt_tokens?: number; n_ctx: number },
): HttpError {
  return badRequest(message, { param, code: "context_length_exceeded", details });
}

/** Bytes of a text in UTF-8; any number above `limit` where it has more. */
function utf8Length(text: string, limit: number): number {
  return text.length > limit ? text.length : new TextEncoder().encode(text).length;
}

function inVocabulary<T>(param: string, encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(error.message, { param, cause: error });
    throw error;
  }
}
