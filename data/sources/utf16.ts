import { DataError } from "../errors.ts";
import { readingTransform } from "./byte_reader.ts";
import type { OnInvalid } from "./formats/mod.ts";

/** Options of {@linkcode toUtf8}. */
export interface ToUtf8Options {
  /**
   * What half a surrogate pair is: an error, or bytes that are no UTF-8, for the next reader to
   * replace or drop. @default "error"
   */
  onInvalid?: OnInvalid;
}

/**
 * Turns UTF-16 that begins with a byte order mark into UTF-8; lets everything else through.
 *
 * @param path the file's name, for errors
 * @throws {DataError} in the stream, at half a surrogate pair or a file of UTF-32
 */
export function toUtf8(
  path: string,
  { onInvalid = "error" }: ToUtf8Options = {},
): ReadableWritablePair<Uint8Array, Uint8Array> {
  return readingTransform(async function* (bytes) {
    const head = await bytes.peek(4);
    const little = head[0] === 0xff && head[1] === 0xfe;
    if (!little && !(head[0] === 0xfe && head[1] === 0xff)) {
      for (let chunk; (chunk = await bytes.next()) !== null;) yield chunk;
      return;
    }
    if (little && head.length === 4 && head[2] === 0 && head[3] === 0) {
      throw new DataError("Cannot read text: it is UTF-32; convert the file to UTF-8", path);
    }
    await bytes.skip(2);
    const encoder = new TextEncoder();
    let high = 0; // a first half that the next unit completes
    for (;;) {
      const chunk = await bytes.next();
      if (chunk === null) break;
      if (chunk.length === 1) {
        const rest = await bytes.next();
        if (rest === null) throw brokenUtf16("ends within a character", path, bytes.offset - 1);
        bytes.unread(rest);
        bytes.unread(chunk);
        const pair = await bytes.peek(2);
        yield* convert(await bytes.read(pair.length));
        continue;
      }
      if (chunk.length % 2 === 1) bytes.unread(chunk.subarray(chunk.length - 1));
      yield* convert(chunk.subarray(0, chunk.length & ~1));
    }
    if (high !== 0) yield* broken(high, bytes.offset - 2);

    function* convert(units: Uint8Array): Generator<Uint8Array> {
      const start = bytes.offset - units.length;
      const view = new DataView(units.buffer, units.byteOffset, units.length);
      let text = "";
      for (let at = 0; at < units.length; at += 2) {
        const unit = view.getUint16(at, little);
        const isLow = unit >= 0xdc00 && unit < 0xe000;
        if (isLow !== (high !== 0)) {
          if (text !== "") yield encoder.encode(text);
          text = "";
          yield* broken(isLow ? unit : high, start + at - (isLow ? 0 : 2));
          high = 0;
          if (isLow) continue;
        }
        if (isLow) {
          text += String.fromCharCode(high, unit);
          high = 0;
        } else if (unit >= 0xd800 && unit < 0xdc00) high = unit;
        else text += String.fromCharCode(unit);
      }
      if (text !== "") yield encoder.encode(text);
    }
  });

  function* broken(unit: number, offset: number): Generator<Uint8Array> {
    if (onInvalid === "error") throw brokenUtf16("holds half a surrogate pair", path, offset);
    yield Uint8Array.of(0xe0 | unit >> 12, 0x80 | unit >> 6 & 0x3f, 0x80 | unit & 0x3f);
  }
}

function brokenUtf16(found: string, path: string, offset: number): DataError {
  return new DataError(
    `Cannot read text: the UTF-16 ${found}; convert the file to UTF-8, or replace or drop such ` +
      "text (onInvalid)",
    path,
    offset,
  );
}
