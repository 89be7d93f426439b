/**
 * A source of normal random numbers: xoshiro128** (Blackman & Vigna 2021), seeded by SplitMix32,
 * through the Box–Muller transform.
 *
 * @returns a function that draws `count` values of mean 0 and the given standard deviation
 */
export function normalValues(
  seed: number,
): (count: number, deviation: number) => Float32Array<ArrayBuffer> {
  const uniform = uniformValues(seed);
  return (count, deviation) => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      const radius = deviation * Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      values[i] = radius * Math.cos(angle);
      if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
    }
    return values;
  };
}

/** A source of uniform random numbers in [0, 1), the same for the same seed. */
export function uniformValues(seed: number): () => number {
  let mix = seed >>> 0;
  const word = () => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [word(), word(), word(), word()];
  return () => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return scrambled / 2 ** 32;
  };
}

function rotate(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
