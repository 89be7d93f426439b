import type { Tokenizer } from "../../../data/mod.ts";
import type { AnswerEvent } from "../../engine/mod.ts";
import { joinLogprobs, LogprobsWriter } from "./logprobs.ts";
import type { CompletionChoice, CompletionLogprobs } from "./types.ts";

/** What has become of a choice since the last part of it. */
export interface ChoicePart {
  /** Its sequence in the request. */
  sequence: number;
  /** More text. */
  text: string;
  /** Log-probabilities of the tokens that came. */
  logprobs: CompletionLogprobs | null;
  /** Why it is over, if it is. */
  finish_reason: CompletionChoice["finish_reason"] | null;
}

/** What is known of the sequences before they begin. */
export interface PartsOptions {
  tokenizer: Tokenizer;
  /** Whether log-probabilities are told. */
  logprobs: boolean;
  /** For each sequence the text and the ids of its prompt, if they are told too. */
  echo?: (sequence: number) => { text: string; ids: Uint32Array };
}

/** Makes parts of choices from the engine's events; the same for bodies and streams. */
export class ChoiceParts {
  readonly #writers: LogprobsWriter[] = [];

  constructor(private readonly options: PartsOptions) {}

  /** The parts that events add, those of one sequence joined. */
  take(events: readonly AnswerEvent[]): ChoicePart[] {
    const parts = new Map<number, ChoicePart>();
    for (const { sequence, event } of events) {
      const part = this.#part(sequence, event);
      const before = parts.get(sequence);
      parts.set(sequence, before ? joinParts(before, part) : part);
    }
    return [...parts.values()];
  }

  #part(sequence: number, event: AnswerEvent["event"]): ChoicePart {
    const { tokenizer, echo, logprobs } = this.options;
    const writer = this.#writers[sequence] ??= new LogprobsWriter(tokenizer);
    const part: ChoicePart = { sequence, text: "", logprobs: null, finish_reason: null };
    if (event.type === "end") {
      part.finish_reason = event.reason === "length" ? "length" : "stop";
    } else if (event.type === "tokens") {
      part.text = event.text;
      if (logprobs) part.logprobs = writer.write(event.logprobs ?? []);
    } else if (echo) {
      const { text, ids } = echo(sequence);
      part.text = text;
      if (logprobs) part.logprobs = writer.write(event.logprobs ?? [], ids[0]);
    }
    return part;
  }
}

/** Two parts of one choice as one. */
export function joinParts(a: ChoicePart, b: ChoicePart): ChoicePart {
  return {
    sequence: a.sequence,
    text: a.text + b.text,
    logprobs: a.logprobs && b.logprobs
      ? joinLogprobs(a.logprobs, b.logprobs)
      : a.logprobs ?? b.logprobs,
    finish_reason: b.finish_reason,
  };
}
