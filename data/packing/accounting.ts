/** Where the tokens went. */
export interface PackingAccounting {
  /** Tokens of a row but one, T. */
  context: number;
  /** Documents taken in. */
  documents: number;
  /** Tokens taken in, end-of-text included. */
  received: number;
  /** Tokens that stand in rows, each counted once. */
  tokens: number;
  /** Rows given out. */
  rows: number;
  /** Tokens that stand in two rows, as the last of one and the first of the next. */
  shared: number;
  /** Tokens that fill rows up. */
  padding: number;
  /** Tokens at the very end that filled no row and were dropped. */
  tail: number;
  /** Tokens taken in that wait for their row. */
  pending: number;
}

/** An account of nothing yet. */
export function emptyAccounting(context: number): PackingAccounting {
  return {
    context,
    ...{ documents: 0, received: 0, tokens: 0, rows: 0, shared: 0, padding: 0, tail: 0 },
    pending: 0,
  };
}

/**
 * Checks that no token was lost or made: rows · (T + 1) = tokens + shared + padding, and tokens
 * received = tokens kept + dropped as tail + pending.
 *
 * @throws {Error} naming the equation that does not hold
 */
export function assertConserved(accounting: PackingAccounting): void {
  const { context, received, tokens, rows, shared, padding, tail, pending } = accounting;
  const equations: [string, number, number][] = [
    ["rows · (T + 1) = tokens + shared + padding", rows * (context + 1), tokens + shared + padding],
    ["tokens received = tokens + tail + pending", received, tokens + tail + pending],
  ];
  for (const [equation, left, right] of equations) {
    if (left === right) continue;
    throw new Error(
      `Packing lost or made tokens: wanted ${equation}, got ${left} and ${right}; this is a fault ` +
        "of quern, please report it",
    );
  }
}
