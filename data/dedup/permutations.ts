/** The prime 2⁶¹ - 1, by which the hash family takes its remainders. */
const PRIME = (1n << 61n) - 1n;

/** A family of hash functions h → ((a·h + b) mod 2⁶⁴) mod (2⁶¹ - 1). */
export interface Permutations {
  /** Factors: [count]. */
  a: BigUint64Array;
  /** Terms: [count]. */
  b: BigUint64Array;
}

/**
 * The constants that datatrove draws: `RandomState(seed).randint` of numpy, first all a from 1 to
 * 2⁶¹ - 2, then all b from 0 to 2⁶¹ - 2.
 */
export function permutations(count: number, seed: number): Permutations {
  const next = mersenneTwister(seed);
  const draw = (least: bigint) =>
    new BigUint64Array(count).map(() => {
      let value: bigint;
      do value = ((BigInt(next()) << 32n) | BigInt(next())) & PRIME; while (value + least >= PRIME);
      return value + least;
    });
  return { a: draw(1n), b: draw(0n) };
}

/**
 * The random numbers of 32 bits that numpy's `RandomState` is made of (Matsumoto and Nishimura,
 * "Mersenne Twister", 1998).
 */
function mersenneTwister(seed: number): () => number {
  const N = 624, M = 397;
  const state = new Int32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) {
    state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  }
  let at = N;
  return () => {
    if (at === N) {
      at = 0;
      for (let i = 0; i < N; i++) {
        const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
        state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}
