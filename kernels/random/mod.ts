export { keepFactorAt, keepFactorWgsl, threefryWgsl } from "./random.wgsl.ts";

/**
 * What a shader with `keepFactor` needs in its params: `layer: u32, threshold: u32, factor: f32`.
 *
 * @param rate share of elements dropped, in [0, 1)
 * @param layer tells apart the places where dropout acts
 * @throws {RangeError} if the rate is not in [0, 1)
 */
export function dropoutParams(
  rate: number,
  layer: number,
): { layer: number; threshold: number; factor: number } {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`Cannot drop: rate must be in [0, 1), got ${rate}`);
  }
  return { layer, threshold: Math.floor(rate * 2 ** 32), factor: 1 / (1 - rate) };
}
