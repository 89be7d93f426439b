import { DataError } from "../errors.ts";

/**
 * A transform from UTF-8 bytes to text that refuses what is no UTF-8 and drops a byte order mark at
 * the start. A chunk of text never ends within a character, however the bytes are cut.
 *
 * @param path the file's name, for errors
 * @throws {DataError} in the stream, with the offset of the first byte of the broken character
 */
export function decodeUtf8(path: string): TransformStream<Uint8Array, string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let held: Uint8Array = new Uint8Array(0);
  let offset = 0; // of held[0] in the file
  let started = false;

  function decode(bytes: Uint8Array): string {
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw invalidUtf8(bytes, path, offset, cause);
    }
  }

  return new TransformStream({
    transform(chunk, controller) {
      const bytes = held.length === 0 ? chunk : join(held, chunk);
      const end = bytes.length - unfinishedBytes(bytes);
      if (end > 0) {
        const text = decode(bytes.subarray(0, end));
        const rest = !started && text.startsWith("\uFEFF") ? text.slice(1) : text;
        started = true;
        if (rest !== "") controller.enqueue(rest);
      }
      held = bytes.slice(end);
      offset += end;
    },
    flush() {
      if (held.length === 0) return;
      throw new DataError(
        `Cannot read text: the file ends within a character (last ${held.length} of its bytes: ` +
          `${[...held].map((byte) => `0x${hex(byte)}`).join(" ")}); it was cut short, ` +
          "fetch it again or remove them",
        path,
        offset,
      );
    },
  });
}

/** The error of bytes that are no UTF-8; `offset` is where they begin in the file. */
export function invalidUtf8(
  bytes: Uint8Array,
  path: string,
  offset: number,
  cause?: unknown,
): DataError {
  const at = findInvalidUtf8(bytes);
  return new DataError(
    `Cannot read text: wanted UTF-8, got a broken character at byte 0x${hex(bytes[at])}; ` +
      "convert the file to UTF-8, remove the byte, or replace or drop such text (onInvalid)",
    path,
    offset + at,
    { cause },
  );
}

/** Number of bytes at the end that begin a character and don't finish it: 0 to 3. */
function unfinishedBytes(bytes: Uint8Array): number {
  for (let count = 1; count <= Math.min(3, bytes.length); count++) {
    const byte = bytes[bytes.length - count];
    if ((byte & 0xc0) === 0x80) continue; // a later byte of a character: look further back
    return characterBytes(byte) > count ? count : 0;
  }
  return 0;
}

/** Length in bytes of the character that this byte begins; 0 where it can begin none. */
function characterBytes(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

/** Offset of the first character that breaks table 3-7 of the Unicode standard; -1 for none. */
function findInvalidUtf8(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length;) {
    const first = bytes[i];
    const length = characterBytes(first);
    if (length === 0 || i + length > bytes.length) return i;
    for (let j = 1; j < length; j++) {
      // Overlong forms, surrogates and code points over U+10FFFF show in the second byte.
      const low = j > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
      const high = j > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
      if (bytes[i + j] < low || bytes[i + j] > high) return i;
    }
    i += length;
  }
  return -1;
}

function join(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
