import type { Tokenizer } from "../../../data/mod.ts";
import type { AnswerEvent, TokenLogprob } from "../../engine/mod.ts";
import { tokenText } from "../../text/mod.ts";
import type { ChatChoice, ChatLogprobs, ChatToken } from "./types.ts";

/** What has become of a choice since the last part of it. */
export interface ChatPart {
  /** Its sequence in the request, which is its index. */
  sequence: number;
  /** Whether it begins. */
  begins: boolean;
  /** More text. */
  content: string;
  /** Log-probabilities of the tokens that came. */
  logprobs: ChatLogprobs | null;
  /** Why it is over, if it is. */
  finish_reason: ChatChoice["finish_reason"] | null;
}

/** The part that an event of the engine adds. */
export function chatPart(
  tokenizer: Tokenizer,
  { sequence, event }: AnswerEvent,
): ChatPart {
  const part: ChatPart = {
    ...{ sequence, begins: event.type === "prompt", content: "", logprobs: null },
    finish_reason: null,
  };
  if (event.type === "end") part.finish_reason = event.reason === "length" ? "length" : "stop";
  if (event.type !== "tokens") return part;
  part.content = event.text;
  if (event.logprobs) {
    const content = event.logprobs.map((each) => ({
      ...chatToken(tokenizer, each),
      top_logprobs: each.top.map((other) => chatToken(tokenizer, other)),
    }));
    part.logprobs = { content, refusal: null };
  }
  return part;
}

function chatToken(
  tokenizer: Tokenizer,
  { id, logprob }: Pick<TokenLogprob, "id" | "logprob">,
): ChatToken {
  const { text, bytes } = tokenText(tokenizer, id);
  return { token: text, logprob, bytes: [...bytes] };
}
