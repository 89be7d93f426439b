import { DataError } from "../errors.ts";
import type { Tokenizer } from "../tokenizers/mod.ts";
import type { ChatMessage, Conversation } from "./chat.ts";
import type { ChatTemplate } from "./chat_template.ts";
import { encodeAt, type Encoder, type EncoderOptions, joinIds, makeEncoder } from "./example.ts";
import { nextTokenRow, tooManyTokens } from "./example.ts";
import { badExample, type Place } from "./reader.ts";

/** Options of {@linkcode chatEncoder}. */
export interface ChatEncoderOptions extends EncoderOptions {
  /** The tokenizer of the model. */
  tokenizer: Tokenizer;
  /** How conversations become text. */
  template: ChatTemplate;
}

/** Ids of a conversation, and which of them the model is to say. */
interface Rendered {
  ids: Uint32Array;
  isAnswer: Uint8Array;
}

/**
 * Conversations as a model of language sees them through a chat template: what the assistant says
 * and the mark that ends it are targets, nothing else is. A conversation that is cut loses its
 * oldest exchanges, the system message kept; the last one, where it is too long alone, its beginning.
 *
 * @throws {DataError} with the line, also where the template does not render the conversation
 */
export function chatEncoder(options: ChatEncoderOptions): Encoder<Conversation> {
  const { tokenizer, template, context, onLong = "error" } = options;
  const most = context + 1;

  function render(messages: readonly ChatMessage[], place: Place): Rendered {
    let index = 0;
    const parts = partsAt(messages, place).map(({ text, isAnswer }) => {
      const from = index;
      index += text.length;
      const ids = encodeAt((part) => tokenizer.encode(part, { index: from }), text, place);
      return { ids, isAnswer };
    });
    const ids = joinIds(parts.map((part) => part.ids));
    const isAnswer = new Uint8Array(ids.length);
    let at = 0;
    for (const part of parts) {
      isAnswer.fill(part.isAnswer ? 1 : 0, at, at += part.ids.length);
    }
    return { ids, isAnswer };
  }

  function partsAt(messages: readonly ChatMessage[], place: Place) {
    try {
      return template.parts(messages);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw badExample(place, error.message);
    }
  }

  return makeEncoder(({ messages, place }) => {
    const start = messages[0].role === "system" ? 1 : 0;
    const system = messages.slice(0, start);
    let rendered = render(messages, place);
    const { length } = rendered.ids;
    if (length > most && onLong === "error") {
      throw tooManyTokens(place, "the conversation", length - 1, context);
    }
    for (let from = start + 2; rendered.ids.length > most && from < messages.length; from += 2) {
      rendered = render([...system, ...messages.slice(from)], place);
    }
    const first = Math.max(0, rendered.ids.length - most);
    const row = nextTokenRow(
      rendered.ids.subarray(first),
      (i) => rendered.isAnswer[first + i] === 1,
    );
    return { ...row, cut: length > most };
  });
}
