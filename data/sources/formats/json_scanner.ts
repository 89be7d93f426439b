import { DataError } from "../../errors.ts";
import type { Scanner } from "./records.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Finds the elements of JSON arrays and the objects that stand outside of them, by brackets and
 * quotes alone; whether each is JSON, `JSON.parse` tells.
 */
export function jsonScanner(path: string): Scanner {
  let inArray = false;
  let depth = 0; // of brackets within an element
  let inString = false;
  let escaped = false;
  let filled = false; // whether the element has begun
  let afterComma = false;
  let opened = 0; // where the open element or array begins

  function unwanted(byte: number, offset: number): DataError {
    return new DataError(
      `Cannot read JSON: wanted a value, got ${String.fromCharCode(byte)}; mend the file`,
      path,
      offset,
    );
  }

  const scanner: Scanner = { scan, end, delimiterBytes: 0 };
  return scanner;

  function found(delimiterBytes: number, index: number): number {
    scanner.delimiterBytes = delimiterBytes;
    filled = false;
    return index + 1;
  }

  function scan(bytes: Uint8Array, from: number, offset: number): number {
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
        continue;
      }
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
      if (depth === 0) {
        if (byte === OPEN_ARRAY && !inArray && !filled) {
          inArray = true;
          afterComma = false;
          opened = offset + i;
          return found(1, i);
        }
        if (byte === COMMA && inArray) {
          if (!filled) throw unwanted(byte, offset + i);
          afterComma = true;
          return found(1, i);
        }
        if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || byte === COMMA) {
          if (byte !== CLOSE_ARRAY || !inArray || (afterComma && !filled)) {
            throw unwanted(byte, offset + i);
          }
          inArray = false;
          return found(1, i);
        }
      }
      if (!filled && !inArray) opened = offset + i;
      filled = true;
      if (byte === QUOTE) inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        depth--;
        if (depth === 0 && !inArray) return found(0, i);
      }
    }
    return -1;
  }

  function end(): void {
    if (!inArray && depth === 0 && !inString) return;
    throw new DataError(
      `Cannot read JSON: the file ends within the ${inArray ? "array" : "value"} that begins ` +
        "here; it was cut short, fetch it again",
      path,
      opened,
    );
  }
}
