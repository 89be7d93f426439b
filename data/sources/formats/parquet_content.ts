import type { SchemaElement } from "hyparquet";
import type { Page } from "./parquet_pages.ts";
import { PageCursor, walkDeltas, walkRuns } from "./parquet_values.ts";

/** What the pages of a column hold. */
export interface ColumnShape {
  /** Physical type. */
  type?: string;
  /** The highest definition and repetition level; 0 where there are none. */
  maxDefinition: number;
  maxRepetition: number;
}

/** The shape of a column, from the footer's schema: elements in depth-first order. */
export function shapeOf(schema: readonly SchemaElement[], path: readonly string[]): ColumnShape {
  let at = 0; // of the element reached
  const shape: ColumnShape = { maxDefinition: 0, maxRepetition: 0 };
  for (const name of path) {
    const children = schema[at++].num_children ?? 0;
    for (let i = 0; i < children && schema[at]?.name !== name; i++) at = behind(schema, at);
    const element = schema[at];
    if (element?.name !== name) return shape; // the library says what is wrong
    if (element.repetition_type !== "REQUIRED") shape.maxDefinition++;
    if (element.repetition_type === "REPEATED") shape.maxRepetition++;
    shape.type = element.type;
  }
  return shape;
}

function behind(schema: readonly SchemaElement[], at: number): number {
  let left = 1;
  for (; left > 0 && at < schema.length; at++) left += (schema[at].num_children ?? 0) - 1;
  return at;
}

/** Encodings by their numbers. */
const PLAIN_DICTIONARY = 2, RLE = 3, DELTA_BINARY = 5, DELTA_LENGTH = 6, DELTA_BYTES = 7;
const RLE_DICTIONARY = 8;

/** What is read of a page. */
export interface PageContent {
  /** Levels that stand uncompressed before the values (data page v2). */
  levels: Uint8Array;
  /** The rest, unpacked. */
  body: Uint8Array;
}

/**
 * Checks that a page holds as many levels and values as its header says, in runs and blocks that
 * end, and byte strings of no more than `maxBytes` in all.
 *
 * @throws {RangeError} with what was found
 */
export function checkContent(
  page: Page,
  { levels, body }: PageContent,
  { type, maxDefinition, maxRepetition }: ColumnShape,
  maxBytes: number,
): void {
  if (page.kind === "dictionary") return; // plain values, which end with their bytes
  const cursor = new PageCursor(body);
  let values = page.values - page.nulls;
  if (page.kind === "data v2") {
    const { repetitionBytes, definitionBytes } = page;
    const before = new PageCursor(levels);
    const [repetition, definition] = [before.take(repetitionBytes), before.take(definitionBytes)];
    if (maxRepetition > 0) walkRuns(repetition, bitsOf(maxRepetition), page.values);
    if (maxDefinition > 0) walkRuns(definition, bitsOf(maxDefinition), page.values);
    if (values < 0) throw new RangeError(`${page.nulls} nulls among ${page.values} values`);
  } else {
    if (maxRepetition > 0) walkRuns(cursor.sized(), bitsOf(maxRepetition), page.values);
    if (maxDefinition > 0) {
      values = walkRuns(cursor.sized(), bitsOf(maxDefinition), page.values, maxDefinition);
    }
  }
  if (values === 0) return;
  switch (page.encoding) {
    case RLE:
    case PLAIN_DICTIONARY:
    case RLE_DICTIONARY:
      return type === "BOOLEAN"
        ? void walkRuns(cursor.sized(), 1, values)
        : checkIndices(cursor, values, page.kind);
    case DELTA_BINARY:
      return walkDeltas(cursor, values);
    case DELTA_LENGTH:
      return checkLengths(cursor, values);
    case DELTA_BYTES:
      return checkPrefixes(cursor, values, maxBytes);
  }
}

function checkIndices(cursor: PageCursor, count: number, kind: Page["kind"]): void {
  const width = cursor.byte();
  // Of one entry there are no indices; data pages v2 have runs of them all the same.
  if (width > 0 || kind === "data v2") walkRuns(cursor, width, count);
}

function checkLengths(cursor: PageCursor, count: number): void {
  let bytes = 0;
  walkDeltas(cursor, count, (length) => bytes += wholeLength(length));
  cursor.take(bytes);
}

/** Each value is the beginning of the one before and some bytes more. */
function checkPrefixes(cursor: PageCursor, count: number, maxBytes: number): void {
  const prefixes = new Int32Array(count);
  let [before, bytes, suffixes] = [0, 0, 0];
  walkDeltas(cursor, count, (length, i) => prefixes[i] = wholeLength(length));
  walkDeltas(cursor, count, (length, i) => {
    if (prefixes[i] > before) throw new RangeError(`the first ${prefixes[i]} bytes of ${before}`);
    suffixes += wholeLength(length);
    before = prefixes[i] + length;
    if ((bytes += before) > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
  });
  cursor.take(suffixes);
}

function wholeLength(length: number): number {
  if (length < 0) throw new RangeError(`a length of ${length}`);
  return length;
}

function bitsOf(level: number): number {
  return 32 - Math.clz32(level);
}
