import {
  type ChatTemplate,
  chatTemplate,
  endOfTextOf,
  PLAIN_CHAT_TEMPLATE,
  readChatTemplate,
  type Tokenizer,
} from "../../data/mod.ts";

/** The text of a tokenizer's end-of-text; empty where it has none. */
export function endOfTextText(tokenizer: Tokenizer): string {
  const end = endOfTextOf(tokenizer);
  return end === undefined ? "" : tokenizer.decode([end]);
}

/** The chat template of a model's folder, or a plain one. */
export async function templateOf(
  tokenizer: Tokenizer,
  folder: string | undefined,
): Promise<ChatTemplate> {
  const own = folder === undefined ? undefined : await readChatTemplate(folder);
  return own ?? chatTemplate(PLAIN_CHAT_TEMPLATE, { endOfText: endOfTextText(tokenizer) });
}
