import {
  chatTemplate,
  endOfTextOf,
  PLAIN_CHAT_TEMPLATE,
  readChatTemplate,
  readTokenizer,
} from "../../data/mod.ts";
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
  const [config, generation, template, weights] = await Promise.all([
    readJson(`${folder}/config.json`),
    readJson(`${folder}/generation_config.json`),
    readChatTemplate(folder),
    // Of an adapter these are the weights that are its own.
    Deno.stat(`${folder}/adapter_model.safetensors`)
      .catch(() => Deno.stat(`${folder}/model.safetensors`)),
  ]);
  const end = endOfTextOf(tokenizer);
  const written = generation.eos_token_id ?? config.eos_token_id ?? end;
  const endTokens = [written ?? []].flat().filter((id): id is number =>
    Number.isInteger(id) && (id as number) >= 0 && (id as number) < vocabularySize
  );
  return {
    tokenizer,
    endTokens,
    created: Math.floor((weights.mtime?.getTime() ?? 0) / 1000),
    chatTemplate: template ?? chatTemplate(PLAIN_CHAT_TEMPLATE, {
      endOfText: end === undefined ? "" : tokenizer.decode([end]),
    }),
  };
}

async function readJson(path: string): Promise<Json> {
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "{}";
    throw error;
  });
  try {
    return Object(JSON.parse(text));
  } catch (cause) {
    const { message } = cause as Error;
    throw new SyntaxError(`Cannot read ${path}: it is no JSON (${message})`, { cause });
  }
}
