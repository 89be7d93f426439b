/** What all shaders of the product share: their params, and how a result is written to y. */
import { gateWgsl, slopeWgsl } from "../gelu/mod.ts";
import type { MatmulForm } from "./problem.ts";

/** The part of y that a thread keeps in registers; both are multiples of 4. */
export interface RegisterTile {
  rows: number;
  columns: number;
}

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

/** Tensors beside a, b and y that a product of a form has, in the order of their bindings. */
export function extras(form: MatmulForm): ("bias" | "residual" | "activated" | "before")[] {
  return (["bias", "residual", "activated", "before"] as const).filter((name) => form[name]);
}

/** Declares y, what else goes with the result, and params, from binding 2 on. */
export function results(form: MatmulForm): string {
  const { vectorY, activated, before } = form;
  const names = extras(form);
  const type = vectorY ? "vec4f" : "f32";
  return [
    storage(2, "read_write", "y", vectorY),
    ...names.map((name, i) =>
      storage(3 + i, name === "activated" ? "read_write" : "read", name, vectorY)
    ),
    `@group(0) @binding(${3 + names.length}) var<uniform> params: Params;`,
    ...(activated || before ? [gateWgsl(type)] : []),
    ...(before ? [slopeWgsl(type)] : []),
  ].join("\n");
}

/** An index in elements as one in vectors of `width`. */
export const over = (index: string, width: number): string =>
  width === 1 ? index : `${index} / ${width}u`;

/** Writes `sum` to y at index `at`, with all that goes with it; `column` is its index in a row. */
export function storeSum(form: MatmulForm, at: string, column: string, sum: string): string {
  const { accumulate, bias, residual, activated, before } = form;
  const inner = [...(accumulate ? [`y[${at}]`] : []), sum, ...(bias ? [`bias[${column}]`] : [])]
    .join(" + ");
  const joined = residual ? `residual[${at}] + (${inner})` : inner;
  const value = before ? `(${joined}) * slope(before[${at}])` : joined;
  if (!activated) return `y[${at}] = ${value};`;
  return `let r = ${value}; y[${at}] = r; activated[${at}] = 0.5 * r * (1.0 + gate(r));`;
}

/**
 * Writes a row of a tile, where it is inside y: four columns at a time where y is read so.
 *
 * @param row expression of the row
 * @param columns expression of the first column of each four
 * @param value expression of a column's sum, by place among the four and number of the four
 * @param vector expression of four sums
 */
export function storeRow(
  form: MatmulForm,
  row: string,
  columns: readonly string[],
  value: (four: number, place: number) => string,
  vector: (four: number) => string,
): string {
  const store = (column: string, sum: string, width: number) =>
    `if (${column} < params.N) { let at = ${over(`(start + ${column})`, width)}; ${
      storeSum(form, "at", over(`(${column})`, width), sum)
    } }`;
  const stores = columns.flatMap((column, four) =>
    form.vectorY
      ? [store(column, vector(four), 4)]
      : range(4).map((place) => store(`${column} + ${place}u`, value(four, place), 1))
  );
  return `if (${row} < params.M) { let start = beginY + (${row}) * params.strideY; ${
    stores.join(" ")
  } }`;
}
