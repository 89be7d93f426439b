/** From clients' texts to token ids, and from token ids to what log-probabilities show. */
export {
  ChatTemplate,
  DEFAULT_CHAT_TEMPLATE,
  type Stretch,
  type TemplateMessage,
  type TemplateTokens,
} from "./chat_template.ts";
export {
  assertFits,
  encodeChat,
  encodeText,
  type EncodeTextOptions,
  MAX_BYTES_A_TOKEN,
} from "./encode.ts";
export { mapWithPauses } from "./pauses.ts";
export { TextOffsets, tokenName, type TokenText, tokenText } from "./token_text.ts";
