/**
 * Random numbers from a counter: the same key and counter give the same numbers, on any adapter, so a
 * backward pass computes a mask again instead of storing it.
 *
 * Source: Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3": Threefry-2×32, 20 rounds.
 */

/** How far each round of eight rotates. */
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

const rounds = Array.from({ length: 20 }, (_, round) => {
  const by = ROTATIONS[round % 8];
  const mix = `x.x += x.y; x.y = (x.y << ${by}u) | (x.y >> ${32 - by}u); x.y ^= x.x;`;
  if (round % 4 !== 3) return mix;
  const turn = (round + 1) / 4;
  return `${mix} x += vec2u(k${turn % 3}, k${(turn + 1) % 3} + ${turn}u);`;
});

/** `threefry2x32(key, counter)`: two random words. */
export const threefryWgsl: string = /* wgsl */ `
fn threefry2x32(key: vec2u, counter: vec2u) -> vec2u {
  let k0 = key.x;
  let k1 = key.y;
  let k2 = 0x1bd11bdau ^ key.x ^ key.y;
  var x = counter + key;
  ${rounds.join("\n  ")}
  return x;
}
`;

/** WGSL of the factor of element i, or of the four of vector i; see {@linkcode keepFactorWgsl}. */
export function keepFactorAt(i: string, vector: boolean): string {
  if (!vector) return `keepFactor(${i})`;
  return `vec4f(${[0, 1, 2, 3].map((j) => `keepFactor(4u * ${i} + ${j}u)`).join(", ")})`;
}

/**
 * `keepFactor(element)`: 0 where dropout drops the element, else 1 / (1 − rate). Needs a binding
 * `clock`, u32 [2] of seed and step, and the params of {@linkcode dropoutParams}.
 */
export const keepFactorWgsl: string = /* wgsl */ `${threefryWgsl}
fn keepFactor(element: u32) -> f32 {
  let word = threefry2x32(vec2u(clock[0], params.layer), vec2u(clock[1], element)).x;
  return select(params.factor, 0.0, word < params.threshold);
}
`;
