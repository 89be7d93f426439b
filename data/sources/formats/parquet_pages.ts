import { crc32 } from "node:zlib";

/** A page of a column. */
export interface Page {
  /** Offset of its header within the column. */
  offset: number;
  /** Offset of what stands behind the header, and its bytes. */
  start: number;
  packed: number;
  kind: "data" | "data v2" | "dictionary";
  /** Number of values, nulls among them. */
  values: number;
  /** Number of the Encoding, as the specification lists them. */
  encoding: number;
  /** Of a data page v2: what stands before the values, which alone are compressed. */
  nulls: number;
  definitionBytes: number;
  repetitionBytes: number;
  /** Whether a data page v2 of a compressed column is compressed itself. */
  isPacked: boolean;
}

/** What is wrong with a column, and where in its bytes. */
export interface BrokenPage {
  /** Offset of the page within the column. */
  offset: number;
  /** What was wanted and what was got. */
  found: string;
}

/**
 * Walks the headers of a column's pages: whether they fit into each other, hold as many values as
 * the footer says, and have the checksums that they carry; null where all is well. A decoder that
 * trusts a header that lies may never end, so this comes first.
 *
 * @param bytes the column chunk, as the file has it
 * @param values the number of values that the footer tells
 * @param maxPageBytes the most that a page may unpack to
 * @param visit sees each page
 */
export function findBrokenPage(
  bytes: Uint8Array,
  values: number,
  maxPageBytes: number,
  visit: (page: Page) => void = () => {},
): BrokenPage | null {
  let left = values;
  for (let offset = 0; left > 0;) {
    const wrong = (found: string): BrokenPage => ({ offset, found });
    let header: Struct;
    let end: number;
    try {
      [header, end] = readStruct(bytes, offset, 0);
    } catch (error) {
      return wrong(`the header of a page, got ${(error as Error).message}`);
    }
    const [unpacked, packed] = [header[2], header[3]];
    if (typeof packed !== "number" || packed < 0 || end + packed > bytes.length) {
      return wrong(`a page within its column, got one of ${packed} bytes`);
    }
    if (typeof unpacked !== "number" || unpacked < 0 || unpacked > maxPageBytes) {
      return wrong(`a page of at most ${maxPageBytes} bytes, got one of ${unpacked}`);
    }
    const page = bytes.subarray(end, end + packed);
    const checksum = header[4];
    if (typeof checksum === "number" && checksum >>> 0 !== crc32(page)) {
      return wrong(
        `a page with the checksum ${(checksum >>> 0).toString(16)}, got ${
          crc32(page).toString(16)
        }`,
      );
    }
    // The fields 5 and 8 are the headers of data pages, 7 that of a dictionary.
    const kind = [5, 7, 8].find((field) => header[field] instanceof Object);
    const own = kind === undefined ? {} : header[kind] as Struct;
    const missing = REQUIRED[kind ?? 0]?.find((field) => !((own[field] ?? -1) as number >= 0));
    if (missing !== undefined) return wrong(`field ${missing} of a page's header, got none`);
    const count = kind === undefined ? 0 : own[1];
    if (typeof count !== "number" || count < 0 || count > (kind === 7 ? maxPageBytes : left)) {
      return wrong(`a page of at most ${left} values, got ${count}`);
    }
    if (kind !== 7) left -= count;
    if (kind !== undefined) visit(pageOf(header, kind, { offset, start: end, packed }));
    offset = end + packed;
  }
  return null;
}

/** Fields of the three kinds of headers that a page cannot do without. */
const REQUIRED: Readonly<Record<number, readonly number[]>> = {
  5: [1, 2],
  7: [1],
  8: [1, 2, 3, 4, 5, 6],
};

function pageOf(
  header: Struct,
  kind: number,
  place: Pick<Page, "offset" | "start" | "packed">,
): Page {
  const own = header[kind] as Struct;
  const number = (field: number) => typeof own[field] === "number" ? own[field] : 0;
  const isV2 = kind === 8;
  return {
    ...place,
    kind: kind === 7 ? "dictionary" : isV2 ? "data v2" : "data",
    values: number(1),
    encoding: number(isV2 ? 4 : 2),
    nulls: isV2 ? number(2) : 0,
    definitionBytes: isV2 ? number(5) : 0,
    repetitionBytes: isV2 ? number(6) : 0,
    isPacked: own[7] !== 0 || !isV2,
  };
}

/** The fields of a Thrift struct by number; other values than numbers and structs as null. */
type Struct = { [field: number]: number | Struct | null };

const MAX_DEPTH = 8;

/** A struct in Thrift's compact protocol (thrift-compact-protocol.md), and the offset after it. */
function readStruct(bytes: Uint8Array, start: number, depth: number): [Struct, number] {
  if (depth > MAX_DEPTH) throw new RangeError("structs within structs without end");
  const struct: Struct = {};
  let at = start;
  for (let field = 0;;) {
    const head = next();
    const type = head & 15;
    if (type === 0) return [struct, at];
    field = head >> 4 === 0 ? zigzag() : field + (head >> 4);
    struct[field] = value(type);
  }

  function next(): number {
    if (at >= bytes.length) throw new RangeError("the end of its column");
    return bytes[at++];
  }

  function varint(): number {
    let sum = 0;
    for (let factor = 1; factor < 2 ** 70; factor *= 128) {
      const byte = next();
      sum += (byte & 127) * factor;
      if (byte < 128) return sum;
    }
    throw new RangeError("a number without end");
  }

  function zigzag(): number {
    const number = varint();
    return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
  }

  function pass(count: number): null {
    at += count;
    if (at > bytes.length) throw new RangeError("the end of its column");
    return null;
  }

  function value(type: number): number | Struct | null {
    if (type === 1 || type === 2) return 2 - type; // true and false
    if (type === 3) return pass(1);
    if (type <= 6) return zigzag();
    if (type === 7) return pass(8);
    if (type === 8) return pass(varint());
    if (type !== 12) throw new RangeError(`a value of type ${type}`);
    const [inner, end] = readStruct(bytes, at, depth + 1);
    at = end;
    return inner;
  }
}
