import { endOfTextOf, readTokenizer } from "../../data/mod.ts";
import { ChatTemplate } from "../text/mod.ts";
import type { ServedModel } from "./engine.ts";

type Json = Record<string, unknown>;

/**
 * Reads what a model's folder says beside its weights: tokenizer, chat template and the tokens that
 * end an answer.
 *
 * @param vocabularySize number of logits, V
 * @throws {Error} naming the file that is missing or broken
 */
export async function readModelFolder(
  folder: string,
  vocabularySize: number,
): Promise<Pick<ServedModel, "tokenizer" | "created" | "endTokens" | "chatTemplate">> {
  const tokenizer = await readTokenizer(`${folder}/tokenizer.json`);
  const [config, generation, tokens, jinja, weights] = await Promise.all([
    readJson(`${folder}/config.json`),
    readJson(`${folder}/generation_config.json`),
    readJson(`${folder}/tokenizer_config.json`),
    readOptional(`${folder}/chat_template.jinja`),
    Deno.stat(`${folder}/model.safetensors`),
  ]);
  const written = generation.eos_token_id ?? config.eos_token_id ?? endOfTextOf(tokenizer);
  const endTokens = [written ?? []].flat().filter((id): id is number =>
    Number.isInteger(id) && (id as number) >= 0 && (id as number) < vocabularySize
  );
  return {
    tokenizer,
    endTokens,
    created: Math.floor((weights.mtime?.getTime() ?? 0) / 1000),
    chatTemplate: chatTemplate(folder, jinja ?? templateOf(tokens), tokens),
  };
}

function chatTemplate(folder: string, source: string | undefined, tokens: Json): ChatTemplate {
  try {
    return new ChatTemplate(source, {
      bosToken: contentOf(tokens.bos_token),
      eosToken: contentOf(tokens.eos_token),
    });
  } catch (cause) {
    throw new SyntaxError(
      `Cannot read the chat template of ${folder}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** The template of a `tokenizer_config.json`: its only one, or the one named `default`. */
function templateOf({ chat_template: template }: Json): string | undefined {
  if (typeof template === "string") return template;
  if (!Array.isArray(template)) return undefined;
  return template.find(({ name }) => name === "default")?.template;
}

/** The text of a special token, which stands there alone or in an object. */
function contentOf(token: unknown): string | undefined {
  if (typeof token === "string") return token;
  const { content } = Object(token);
  return typeof content === "string" ? content : undefined;
}

async function readOptional(path: string): Promise<string | undefined> {
  return await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
}

async function readJson(path: string): Promise<Json> {
  const text = await readOptional(path);
  if (text === undefined) return {};
  try {
    return Object(JSON.parse(text));
  } catch (cause) {
    const { message } = cause as Error;
    throw new SyntaxError(`Cannot read ${path}: it is no JSON (${message})`, { cause });
  }
}
