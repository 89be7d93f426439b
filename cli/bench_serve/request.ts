import { EventSourceParserStream } from "eventsource-parser/stream";

/** What requests are sent to, and with. */
export interface Target {
  /** Where the API begins, such as `http://127.0.0.1:8000/v1`. */
  base: string;
  model: string;
  /** Whether prompts are sent as a user's message to `/chat/completions`. */
  chat: boolean;
  /** Most tokens of an answer. */
  maxTokens: number;
  temperature: number;
  /** @default none */
  apiKey?: string;
}

/** What came of a request; times in milliseconds of `performance.now()`. */
export type Measurement = Served | Failed;

/** A request that was answered. */
export interface Served {
  sentMs: number;
  /** When each event with text came; the first is the first token. */
  eventsMs: number[];
  /** When the answer was over. */
  endedMs: number;
  /** Tokens as the server counts them. */
  promptTokens: number;
  outputTokens: number;
}

/** A request that was not answered, or not to its end. */
export interface Failed {
  sentMs: number;
  endedMs: number;
  /** Why, the same words for the same reason. */
  failure: string;
  /** What the server says of it. */
  detail?: string;
}

/** The parts of a streamed chunk that are looked at. */
interface Chunk {
  choices?: { text?: string | null; delta?: { content?: string | null } }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: { message?: string; type?: string };
}

/**
 * Sends a prompt and takes the times of the answer, streamed. An event counts where it holds text:
 * the one that opens a chat and the one that closes an answer hold none.
 *
 * @returns a failure where the server refuses, fails, breaks off or tells no usage
 */
export async function measureRequest(
  { base, model, chat, maxTokens, temperature, apiKey }: Target,
  prompt: string,
  signal?: AbortSignal,
): Promise<Measurement> {
  const body = {
    ...{ model, temperature, stream: true, stream_options: { include_usage: true } },
    ...chat
      ? { messages: [{ role: "user", content: prompt }], max_completion_tokens: maxTokens }
      : { prompt, max_tokens: maxTokens },
  };
  const sentMs = performance.now();
  try {
    const response = await fetch(`${base}/${chat ? "chat/" : ""}completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...authorization(apiKey) },
      body: JSON.stringify(body),
      signal,
    });
    if (!response.ok || response.body === null) {
      const text = await response.text();
      throw new Failure(`HTTP ${response.status}`, parse<Chunk>(text)?.error?.message ?? text);
    }
    return { sentMs, ...await readAnswer(response.body) };
  } catch (error) {
    const detail = error instanceof Failure ? error.detail?.slice(0, 500) : undefined;
    return { sentMs, endedMs: performance.now(), failure: reasonOf(error), detail };
  }
}

/** The headers of a key. */
export function authorization(apiKey: string | undefined): Record<string, string> {
  return apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
}

async function readAnswer(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Omit<Served, "sentMs">> {
  const eventsMs: number[] = [];
  let usage: Chunk["usage"];
  const events = body.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) {
    const now = performance.now();
    if (data === "[DONE]") {
      const { prompt_tokens: promptTokens, completion_tokens: outputTokens } = usage ?? {};
      if (promptTokens === undefined || outputTokens === undefined) {
        throw new Failure("no usage told");
      }
      return { eventsMs, endedMs: now, promptTokens, outputTokens };
    }
    const chunk = parse<Chunk>(data);
    if (chunk === undefined) throw new Failure("an event that is no JSON");
    const { error } = chunk;
    if (error) throw new Failure(`error event: ${error.type ?? "unknown"}`, error.message);
    const hasText = chunk.choices?.some(({ text, delta }) => (text ?? delta?.content ?? "") !== "");
    if (hasText) eventsMs.push(now);
    usage = chunk.usage ?? usage;
  }
  throw new Failure("broken off");
}

function parse<T>(json: string): T | undefined {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** A failure whose words are for the report. */
class Failure extends Error {
  constructor(message: string, readonly detail?: string) {
    super(message);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Failure) return error.message;
  if (error instanceof DOMException) return error.name === "TimeoutError" ? "timed out" : "aborted";
  return "no connection";
}
