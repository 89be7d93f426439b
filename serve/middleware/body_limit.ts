import type { MiddlewareHandler } from "hono";
import { HttpError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** Refuses bodies that say themselves that they are too large, before anything is read. */
export function bodyLimit({ bodyBytes }: Pick<Limits, "bodyBytes">): MiddlewareHandler {
  return async function bodyLimit(c, next) {
    if (Number(c.req.header("content-length") ?? 0) > bodyBytes) throw tooLarge(bodyBytes);
    await next();
  };
}

/**
 * Reads a body to its end.
 *
 * @throws {HttpError} 413 as soon as it is too large
 */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array(0);
  try {
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      length += value!.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(value!);
    }
  } finally {
    reader.releaseLock();
  }
  const bytes = new Uint8Array(length);
  let end = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, end);
    end += chunk.length;
  }
  return bytes;
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `The body must have at most ${maxBytes} bytes.`);
}
