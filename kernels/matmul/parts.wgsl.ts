/** What all shaders of the product share: their params, and how a result is written to y. */
import type { MatmulForm } from "./problem.ts";

/** 0 … n − 1, to unroll with. */
export const range = (n: number): number[] => [...Array(n).keys()];

/** Names of a vector's elements. */
export const XYZW = "xyzw";

/** Declares `Params`: {@linkcode MatmulSizes}. */
export const PARAMS = /* wgsl */ `
struct Params {
  M: u32, N: u32, K: u32,
  startA: u32, startY: u32, strideA: u32, strideB: u32, strideY: u32,
  batchA: u32, batchB: u32, batchY: u32,
}`;

/** A storage binding. */
export function storage(binding: number, access: string, name: string, vector: boolean): string {
  const type = vector ? "vec4f" : "f32";
  return `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${type}>;`;
}

/** Declares y, bias where there is one, and params, from binding 2 on. */
export function results({ vectorY, bias }: MatmulForm): string {
  return [
    storage(2, "read_write", "y", vectorY),
    ...(bias ? [storage(3, "read", "bias", vectorY)] : []),
    `@group(0) @binding(${bias ? 4 : 3}) var<uniform> params: Params;`,
  ].join("\n");
}

/** An index in elements as one in vectors of `width`. */
export const over = (index: string, width: number): string =>
  width === 1 ? index : `${index} / ${width}u`;

/**
 * Writes a row of a tile, where it is inside y: four columns at a time where y is read so.
 *
 * @param row expression of the row
 * @param columns expression of the first column of each four
 * @param value expression of a column's sum, by place among the four and number of the four
 * @param vector expression of four sums
 */
export function storeRow(
  { vectorY, bias, accumulate }: MatmulForm,
  row: string,
  columns: readonly string[],
  value: (four: number, place: number) => string,
  vector: (four: number) => string,
): string {
  const store = (column: string, sum: string, width: number) => {
    const at = over(`(start + ${column})`, width);
    const terms = [
      ...(accumulate ? [`y[${at}]`] : []),
      sum,
      ...(bias ? [`bias[${over(`(${column})`, width)}]`] : []),
    ];
    return `if (${column} < params.N) { y[${at}] = ${terms.join(" + ")}; }`;
  };
  const stores = columns.flatMap((column, four) =>
    vectorY
      ? [store(column, vector(four), 4)]
      : range(4).map((place) => store(`${column} + ${place}u`, value(four, place), 1))
  );
  return `if (${row} < params.M) { let start = beginY + (${row}) * params.strideY; ${
    stores.join(" ")
  } }`;
}
