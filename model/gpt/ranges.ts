/** Rows or elements that lie next to each other. */
export interface Range {
  start: number;
  end: number;
}

/** Elements that a bound view's start must be a multiple of. */
const ALIGNMENT = 64;

/**
 * Cuts `count` rows of `rowBytes` into ranges of at most `maxBytes`, starting at multiples of 64 rows,
 * so that each can be bound whatever the width of a row.
 *
 * @throws {RangeError} if not even 64 rows fit
 */
export function rowRanges(count: number, rowBytes: number, maxBytes: number): Range[] {
  const rows = Math.floor(maxBytes / rowBytes / ALIGNMENT) * ALIGNMENT;
  if (rows === 0 && count * rowBytes > maxBytes) {
    throw new RangeError(
      `Cannot split rows of ${rowBytes} bytes into bindings of ${maxBytes} bytes: ${ALIGNMENT} rows must fit`,
    );
  }
  const step = Math.max(rows, ALIGNMENT);
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => ({
    start: i * step,
    end: Math.min(count, (i + 1) * step),
  }));
}
