import { type CharacterClasses, NUMBER } from "./character_classes.ts";

/** The byte that must stand behind a text, which is none of UTF-8. */
export const SENTINEL = 0xff;

/** Reads the classes of characters out of UTF-8 that a `SENTINEL` ends. */
export class Utf8Classes {
  /** Flags of the characters of one byte; 0 for bytes of longer ones. */
  readonly #ascii: Uint8Array;
  readonly #classes: CharacterClasses;

  constructor(classes: CharacterClasses) {
    this.#classes = classes;
    this.#ascii = Uint8Array.from({ length: 256 }, (_, code) => code < 0x80 ? classes.of(code) : 0);
  }

  /** The flags of the character that begins at `i`; 0 at the end. */
  at(bytes: Uint8Array, i: number): number {
    const byte = bytes[i];
    if (byte < 0x80) return this.#ascii[byte];
    return byte === SENTINEL ? 0 : this.#classes.of(codePointAt(bytes, i));
  }

  /** The end of the run of characters from `i` that have any of the flags. */
  runEnd(bytes: Uint8Array, i: number, flags: number): number {
    const ascii = this.#ascii;
    for (;;) {
      while ((ascii[bytes[i]] & flags) !== 0) i++;
      const byte = bytes[i];
      if (byte < 0x80 || byte === SENTINEL) return i;
      if ((this.#classes.of(codePointAt(bytes, i)) & flags) === 0) return i;
      i += byteLength(byte);
    }
  }

  /** The end of the run of at most `limit` numbers from `i`. */
  numbersEnd(bytes: Uint8Array, i: number, limit: number): number {
    for (let count = 0; count < limit && (this.at(bytes, i) & NUMBER) !== 0; count++) {
      i += byteLength(bytes[i]);
    }
    return i;
  }
}

/** Bytes of the character that begins with this byte. */
export function byteLength(first: number): number {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Start of the character that ends before `i`. */
export function previous(bytes: Uint8Array, i: number): number {
  do i--; while ((bytes[i] & 0xc0) === 0x80);
  return i;
}

function codePointAt(bytes: Uint8Array, i: number): number {
  const first = bytes[i];
  if (first < 0xe0) return (first & 0x1f) << 6 | bytes[i + 1] & 0x3f;
  const second = bytes[i + 1] & 0x3f;
  if (first < 0xf0) return (first & 0xf) << 12 | second << 6 | bytes[i + 2] & 0x3f;
  return (first & 7) << 18 | second << 12 | (bytes[i + 2] & 0x3f) << 6 | bytes[i + 3] & 0x3f;
}
