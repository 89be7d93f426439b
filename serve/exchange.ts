import type { Client } from "./keys.ts";
import { type Context, context } from "@opentelemetry/api";
import type { HttpError } from "./errors.ts";

/** What the log tells of a request; never a prompt, a text of an answer or a key. */
export interface LogRecord {
  /** When the answer was over, ISO 8601. */
  time: string;
  /** `error` for a fault of the server. */
  level: "info" | "error";
  /** Id that the answer's header tells too. */
  request_id: string;
  /** Method of the request. */
  method: string;
  /** Path of the request, without its query. */
  path: string;
  /** Status of the answer. */
  status: number;
  /** Milliseconds to the end of the answer. */
  duration_ms: number;
  /** Name of the key's owner. */
  client?: string;
  /** Name of the model. */
  model?: string;
  /** Whether the answer was a stream. */
  stream?: boolean;
  /** Tokens of the prompts. */
  prompt_tokens?: number;
  /** Tokens of the answers. */
  completion_tokens?: number;
  /** Why each sequence ended. */
  finish_reasons?: string[];
  /** Milliseconds to the first token. */
  first_token_ms?: number;
  /** What failed: in words where it was the server, otherwise the error's code or type. */
  error?: string;
  /** The field at fault. */
  param?: string;
}

/** Most characters of a text in the log. */
const MAX_TEXT = 500;

/** A request and its answer, from the first byte to the last. */
export class Exchange {
  /** When the request came in, in `performance.now()`. */
  readonly startedAt: number = performance.now();
  /** The span that the request's own spans belong to. */
  readonly traceContext: Context = context.active();
  /** Who asks, once that is known. */
  client?: Client;
  /** What the log will tell beside what is known of every request. */
  facts: Partial<LogRecord> = {};
  /** Whether the answer's end is told by whoever streams it. */
  streams = false;
  #failure?: HttpError;
  #status = 0;
  #over = false;

  /**
   * @param log takes the record of the whole exchange
   */
  constructor(
    private readonly id: string,
    private readonly method: string,
    private readonly path: string,
    private readonly log: (record: LogRecord) => void,
  ) {}

  /** Milliseconds since the request came in. */
  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** The answer will have this status. */
  answer(status: number): void {
    this.#status = status;
  }

  /** Something failed. */
  fail(error: HttpError): void {
    this.#failure ??= error;
  }

  /** The answer is over: tells the log, once. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    const isOurs = (this.#failure?.status ?? 0) >= 500;
    this.log({
      time: new Date().toISOString(),
      level: isOurs ? "error" : "info",
      request_id: this.id,
      method: this.method,
      path: this.path.slice(0, MAX_TEXT),
      status: this.#status,
      duration_ms: Math.round(10 * this.elapsedMs) / 10,
      client: this.client?.name,
      ...this.facts,
      ...(this.#failure && (isOurs ? ourFault(this.#failure) : clientFault(this.#failure))),
    });
  }
}

/** What the client was not told: what brought the fault about. */
function ourFault({ message, options: { cause } }: HttpError): Partial<LogRecord> {
  const told = cause instanceof Error ? `${message} (${cause.name}: ${cause.message})` : message;
  return { error: told.slice(0, MAX_TEXT) };
}

/** Messages about a client's fault may quote the request, so the log does without. */
function clientFault({ body: { error } }: HttpError): Partial<LogRecord> {
  return { error: error.code ?? error.type, param: error.param ?? undefined };
}
