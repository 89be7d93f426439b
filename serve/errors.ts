import { HTTPException } from "hono/http-exception";

/** The body of every answer that is no success: OpenAI's, all four keys there. */
export interface ErrorBody {
  /** What went wrong. */
  error: {
    /** One sentence for a person. */
    message: string;
    /** The kind of fault, such as `invalid_request_error`. */
    type: string;
    /** Path of the field at fault, such as `messages.2.content`. */
    param: string | null;
    /** A name for programs, such as `context_length_exceeded`. */
    code: string | null;
    /** Tokens of a prompt that is too long. */
    n_prompt_tokens?: number;
    /** The context that it does not fit. */
    n_ctx?: number;
  };
}

/** What an {@linkcode HttpError} says beside status and message. */
export interface HttpErrorOptions {
  /** Path of the field at fault. @default null */
  param?: string | null;
  /** A name for programs. @default by status */
  code?: string | null;
  /** Headers of the answer. @default none */
  headers?: Record<string, string>;
  /** More keys of the body's `error`. @default none */
  details?: { n_prompt_tokens?: number; n_ctx?: number };
  /** What brought it about; never told to the client. */
  cause?: unknown;
}

const TYPES: Readonly<Record<number, [type: string, code: string | null]>> = {
  401: ["invalid_request_error", "invalid_api_key"],
  429: ["rate_limit_error", "rate_limit_exceeded"],
  500: ["server_error", null],
  503: ["service_unavailable_error", null],
  504: ["service_unavailable_error", "deadline_exceeded"],
};

/** A fault that a client is told of, with the status that fits. */
export class HttpError extends Error {
  /** `HttpError`. */
  override name = "HttpError";

  /**
   * Says what a client is told.
   *
   * @param message one sentence
   */
  constructor(
    /** Status of the answer. */
    readonly status: number,
    message: string,
    /** What else the answer says. */
    readonly options: HttpErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
  }

  /** The body of the answer. */
  get body(): ErrorBody {
    const [type, code] = TYPES[this.status] ?? ["invalid_request_error", null];
    const { param = null, details = {} } = this.options;
    return {
      error: { message: this.message, type, param, code: this.options.code ?? code, ...details },
    };
  }

  /** The whole answer. */
  toResponse(): Response {
    return Response.json(this.body, { status: this.status, headers: this.options.headers });
  }
}

/** A fault of the request's content. */
export function badRequest(message: string, options: HttpErrorOptions = {}): HttpError {
  return new HttpError(400, message, options);
}

/** The server can't answer now but will soon. */
export function unavailable(message: string, retryAfterSeconds: number): HttpError {
  return new HttpError(503, message, { headers: { "retry-after": String(retryAfterSeconds) } });
}

/** Any error as what a client may know of it: no stack, no path, nothing of the machine. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof HTTPException && error.status < 500) {
    return new HttpError(error.status, error.message, { cause: error });
  }
  return new HttpError(
    500,
    "The server failed to answer this request; its log tells why under the request's id.",
    { headers: { "x-should-retry": "false" }, cause: error },
  );
}
