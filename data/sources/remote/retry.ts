import { DataError } from "../../errors.ts";
import type { RemoteOptions } from "./file.ts";

const MAX_BACKOFF_MS = 30_000;
const MAX_RETRY_AFTER_MS = 300_000;

/** Trouble that may be over at the next try. */
export class TransientError extends Error {
  override name = "TransientError";

  constructor(message: string, readonly retryAfterMs: number = 0, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Counts the tries without a new byte, and waits between them. */
export class Retries {
  #failures = 0;

  constructor(readonly path: string, readonly options: RemoteOptions) {}

  /** Forgets earlier failures: there was progress. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Waits until the next try is due.
   *
   * @throws {DataError} where the tries are used up, or the error is none that waiting could mend
   * @throws the signal's reason, where it is given up
   */
  async wait(error: unknown, byteOffset: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (error instanceof DataError) throw error;
    if (error instanceof Deno.errors.NotCapable) {
      throw new DataError(
        "Cannot read the URL: Deno was not allowed to; run it with --allow-net",
        this.path,
        byteOffset,
        { cause: error },
      );
    }
    const { retries = 6, backoffMs = 500 } = this.options;
    if (this.#failures++ >= retries) {
      throw new DataError(
        `Cannot read the URL: wanted more bytes, got none in ${this.#failures} ` +
          `${this.#failures === 1 ? "try" : "tries"}, in the last: ${
            messageOf(error)
          }; check the ` +
          "network and the server, then start again",
        this.path,
        byteOffset,
        { cause: error },
      );
    }
    const most = Math.min(backoffMs * 2 ** (this.#failures - 1), MAX_BACKOFF_MS);
    // Jitter, so that clients that a server dropped together don't come back together.
    const backoff = most * (0.5 + Math.random() / 2);
    await sleep(
      Math.max(backoff, error instanceof TransientError ? error.retryAfterMs : 0),
      signal,
    );
  }
}

/** The wait that a `Retry-After` header asks for, in milliseconds, five minutes at most. */
export function parseRetryAfter(value: string | null, now: number = Date.now()): number {
  if (value === null) return 0;
  const wait = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Math.min(Math.max(wait || 0, 0), MAX_RETRY_AFTER_MS);
}

/**
 * Waits for the promise, and gives up the attempt where it takes too long.
 *
 * @throws {TransientError} after `timeoutMs`
 */
export async function within<T>(
  promise: Promise<T>,
  timeoutMs: number,
  attempt: AbortController,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new TransientError(`the server sent nothing for ${timeoutMs} ms`);
    reject(error);
    attempt.abort(error);
  }, timeoutMs);
  promise.catch(() => {}); // it may lose the race
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wake = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", wake);
      resolve();
    }, ms);
    signal.addEventListener("abort", wake, { once: true });
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
