const ROUNDS = 8;

/**
 * A keyed permutation of 0 to n - 1 that is computed entry by entry and stores nothing: a Feistel
 * network over the next power of four, walked until it comes back below n (Black and Rogaway,
 * "Ciphers with Arbitrary Finite Domains", 2002).
 *
 * @param n number of entries, at most 2³²
 * @param seed whole number, at least 0
 * @param epoch whole number, at least 0; each gives another order
 * @param more whole numbers of at least 0; each list gives another order too
 */
export function permutation(
  n: number,
  seed: number,
  epoch: number,
  ...more: number[]
): (index: number) => number {
  let half = 1; // bits of one side of the network
  while (2 ** (2 * half) < n) half++;
  const mask = 2 ** half - 1;
  const keys = roundKeys([seed, epoch, ...more]);

  return (index) => {
    let x = index;
    do {
      let left = (x >>> half) & mask;
      let right = x & mask;
      for (let round = 0; round < ROUNDS; round++) {
        const next = left ^ (mix(right ^ keys[round]) & mask);
        left = right;
        right = next;
      }
      x = ((left << half) | right) >>> 0;
    } while (x >= n);
    return x;
  };
}

function roundKeys(key: number[]): Uint32Array {
  const keys = new Uint32Array(ROUNDS);
  let state = 0;
  for (const part of key.flatMap((part) => [part, part / 2 ** 32])) state = mix(state ^ part);
  for (let round = 0; round < ROUNDS; round++) {
    // The odd step is 2³² divided by the golden ratio; it keeps the states apart.
    keys[round] = state = mix(state + 0x9e3779b9);
  }
  return keys;
}

/** The finalizer of MurmurHash3: each bit of the result depends on each bit of x. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
