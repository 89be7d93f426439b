import type { Client } from "./keys.ts";
import { type Context, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
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

/** Takes a record of a request that is over. */
export type Log = (record: LogRecord) => void;

/** What is known of a request at its beginning. */
export interface ExchangeRequest {
  /** Its id. */
  id: string;
  method: string;
  path: string;
  /** The header of that name: of which trace the request is a part. @default none */
  traceparent?: string;
}

/** A request and its answer, from the first byte to the last. */
export class Exchange {
  /** When the request came in, in `performance.now()`. */
  readonly startedAt: number = performance.now();
  /** Where spans of the answer belong: in the request's own, which Node's server makes none current of. */
  readonly traceContext: Context;
  /** Who asks, once that is known. */
  client?: Client;
  /** What the log will tell beside what is known of every request. */
  facts: Partial<LogRecord> = {};
  /** Whether the answer's end is told by whoever streams it. */
  streams = false;
  readonly #span: Span;
  #failure?: HttpError;
  #status = 0;
  #over = false;

  constructor(private readonly request: ExchangeRequest, private readonly log: Log) {
    const { method, path, traceparent } = request;
    const parent = remoteContext(traceparent);
    this.#span = trace.getTracer("quern").startSpan(method, {
      kind: SpanKind.SERVER,
      attributes: { "http.request.method": method, "url.path": path },
    }, parent);
    this.traceContext = trace.setSpan(parent, this.#span);
  }

  /** Milliseconds since the request came in. */
  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** The answer of a route begins with this status. */
  answer(route: string, status: number): void {
    this.#status = status;
    this.#span.updateName(`${this.request.method} ${route}`);
    this.#span.setAttributes({ "http.route": route, "http.response.status_code": status });
  }

  /** Something failed. */
  fail(error: HttpError): void {
    this.#failure ??= error;
  }

  /** The answer is over: tells the log, once. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#span.end();
    const { id, method, path } = this.request;
    const isOurs = (this.#failure?.status ?? 0) >= 500;
    this.log({
      time: new Date().toISOString(),
      level: isOurs ? "error" : "info",
      request_id: id,
      method,
      path: path.slice(0, MAX_TEXT),
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

/** The context of a `traceparent` header, as W3C's Trace Context has it. */
function remoteContext(header: string | undefined): Context {
  const [, traceId, spanId, flags] =
    /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/.exec(header ?? "") ?? [];
  if (traceId === undefined) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
