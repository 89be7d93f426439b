import type { MiddlewareHandler } from "hono";
import { badRequest, HttpError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { readBody } from "./body_limit.ts";

/** Deepest nesting of a body. */
const MAX_DEPTH = 256;

/**
 * Reads the body of a POST and bounds its depth and its number of values before anything parses it,
 * since a validator's time and memory grow with both.
 */
export function jsonBody(
  { bodyBytes, bodyValues }: Pick<Limits, "bodyBytes" | "bodyValues">,
): MiddlewareHandler {
  return async function jsonBody(c, next) {
    if (c.req.method !== "POST") return await next();
    const type = c.req.header("content-type") ?? "";
    if (!/^application\/json\s*(;|$)/i.test(type)) {
      throw new HttpError(415, "The body must be JSON: send `Content-Type: application/json`.");
    }
    const { headers, signal } = c.req.raw;
    const bytes = await readBody(c.req.raw, bodyBytes);
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch (cause) {
      throw badRequest("The body must be JSON, and it is no UTF-8.", { cause });
    }
    assertJsonBounds(bytes, bodyValues);
    c.req.raw = new Request(c.req.url, { method: "POST", headers, signal, body: bytes });
    await next();
  };
}

/**
 * Checks nesting and number of values of JSON text without parsing it.
 *
 * @throws {HttpError} 400 where either is too large
 */
export function assertJsonBounds(bytes: Uint8Array, maxValues: number): void {
  let depth = 0;
  let commas = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) i = stringEnd(bytes, i);
    else if (byte === COMMA) {
      if (++commas >= maxValues) {
        throw badRequest(`The body must hold at most ${maxValues} values.`);
      }
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) {
        throw badRequest(`The body must be nested at most ${MAX_DEPTH} deep.`);
      }
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
  }
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Where the string that begins at `start` ends: its closing quote, or the end of the text. */
function stringEnd(bytes: Uint8Array, start: number): number {
  let end = start + 1;
  while (end < bytes.length && bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
  return end;
}
