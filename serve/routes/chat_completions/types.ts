import type { Usage } from "../../generation/mod.ts";
import type { GenerationFields } from "../../schema/mod.ts";

/** A part of a message. */
export interface TextPart {
  /** `text`; pictures and files are not read. */
  type: "text";
  /** It. */
  text: string;
}

/** A message of a chat. */
export interface ChatMessage {
  /** Who speaks; `developer` is another name of `system`. */
  role: "system" | "developer" | "user" | "assistant";
  /** The text, or parts that are joined with line breaks. */
  content: string | TextPart[];
  /** Which of several who have that role; the template decides what becomes of it. */
  name?: string | null;
}

/** How an answer must be formed. */
export type ResponseFormat =
  | { type: "text" }
  | { type: "json_object" }
  | {
    type: "json_schema";
    json_schema: {
      /** 1 to 64 letters, digits, `_` and `-`. */
      name: string;
      /** What it is for; not used. */
      description?: string | null;
      /** The schema; anything that is JSON without one. */
      schema?: Record<string, unknown> | null;
      /** Not used: every answer keeps to its schema. */
      strict?: boolean | null;
    };
  };

/** A chat to go on with. */
export interface ChatCompletionRequest extends GenerationFields {
  /** The messages so far, at least one. */
  messages: ChatMessage[];
  /** Most tokens of each answer. @default what is left of the context */
  max_completion_tokens?: number | null;
  /** Its former name. @default max_completion_tokens */
  max_tokens?: number | null;
  /** Whether to tell log-probabilities. @default false */
  logprobs?: boolean | null;
  /** Number of likeliest tokens to tell beside each token, 0 to 20. @default 0 */
  top_logprobs?: number | null;
  /** How an answer must be formed. @default { type: "text" } */
  response_format?: ResponseFormat | null;
}

/** The log-probability of a token. */
export interface ChatToken {
  /** Its text; a part of a character is U+FFFD. */
  token: string;
  /** Natural logarithm of its probability. */
  logprob: number;
  /** Its UTF-8. */
  bytes: number[];
}

/** Log-probabilities of an answer's tokens. */
export interface ChatLogprobs {
  /** Those of its text, each with the likeliest tokens in its place. */
  content: (ChatToken & { top_logprobs: ChatToken[] })[];
  /** None: these models do not refuse. */
  refusal: null;
}

/** An answer. */
export interface ChatChoice {
  /** Which of the n. */
  index: number;
  /** What the assistant says. */
  message: { role: "assistant"; content: string; refusal: null };
  /** Log-probabilities, where they were asked for. */
  logprobs: ChatLogprobs | null;
  /** `stop` at a stop text or the model's end of text, `length` at the most tokens. */
  finish_reason: "stop" | "length";
}

/** All answers to a chat. */
export interface ChatCompletionBody {
  /** `chatcmpl-` and a number. */
  id: string;
  /** `chat.completion`. */
  object: "chat.completion";
  /** When the request came in, in seconds since 1970. */
  created: number;
  /** Name of the model. */
  model: string;
  /** Names the code that answered. */
  system_fingerprint: string;
  /** The answers, by index. */
  choices: ChatChoice[];
  /** What they have cost. */
  usage: Usage;
}
