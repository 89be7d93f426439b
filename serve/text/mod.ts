/** From clients' texts to token ids, and from token ids to what log-probabilities show. */
export { chatStretches, type Stretch } from "./chat_stretches.ts";
export {
  assertFits,
  encodeChat,
  encodeSource,
  encodeText,
  type EncodeTextOptions,
  MAX_BYTES_A_TOKEN,
} from "./encode.ts";
export { mapWithPauses } from "./pauses.ts";
export { TextOffsets, tokenName, type TokenText, tokenText } from "./token_text.ts";
