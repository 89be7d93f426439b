import type { Pass, Tensor } from "../gpu/mod.ts";
import { LANES, type Layout, type MatmulVariant, matmulWgsl } from "./matmul.wgsl.ts";

export type { Layout, MatmulVariant };

/** Tensors of {@linkcode matmul}. */
export interface MatmulTensors {
  /** [M, K], or [K, M] in layout TN; a leading batch dimension is optional. */
  a: Tensor;
  /** [K, N], or [N, K] in layout NT; a leading batch dimension is optional. */
  b: Tensor;
  /** [M, N], with the leading batch dimension if a or b has one. */
  y: Tensor;
  /** [N], added to each row. */
  bias?: Tensor;
}

/** Options of {@linkcode matmul}. */
export interface MatmulOptions {
  /** Which operand lies transposed: NN, NT (b is [N, K]) or TN (a is [K, M]). */
  layout: Layout;
  /** Adds the product to y instead of overwriting it. @default false */
  accumulate?: boolean;
  /** Uses columns [start, end) of a, so that a wide matrix can be worked on in parts. @default all */
  columnsOfA?: readonly [start: number, end: number];
  /** Writes columns [start, end) of y only. @default all */
  columnsOfY?: readonly [start: number, end: number];
}

/** Rows × columns of y that a thread owns: the best of those tried, see tests/kernels/LOG.md. */
const TILE = { rows: 8, columns: 16 };

/**
 * Matrix product: y = a·b (+ bias), or y += a·b (+ bias), in float32.
 *
 * The three layouts are the three products of a linear layer y = x·w: forward NN, dx = dy·wᵀ NT,
 * dw = xᵀ·dy TN. Where a or b has a leading batch dimension so has y; one without is shared by all
 * matrices of the batch. Each element of y is summed over k in order, so it has the same bits
 * whatever the number of rows.
 *
 * @example
 * ```ts
 * import { Device, matmul } from "@quern/quern";
 *
 * using device = await Device.open();
 * using a = device.tensor("a", [1, 2]);
 * using b = device.tensor("b", [2, 2]);
 * using y = device.tensor("y", [1, 2]);
 * a.write(Float32Array.of(1, 2));
 * b.write(Float32Array.of(1, 2, 3, 4));
 * using product = await device.record("product", (pass) => matmul(pass, { a, b, y }, { layout: "NN" }));
 * product.run();
 * console.log(await y.read()); // Float32Array(2) [ 7, 10 ]
 * ```
 * @throws {RangeError} if the sizes do not fit each other
 */
export function matmul(pass: Pass, t: MatmulTensors, options: MatmulOptions): void {
  const s = matmulSizes(t, options);
  const { variant, M, N } = s;
  const { batch, strideA, strideB, strideY, K, startA, startY } = s;
  const params = { M, N, K, startA, startY, strideA, strideB, strideY };
  const bindings: Record<string, Tensor> = { a: t.a, b: t.b, y: t.y };
  if (t.bias) bindings.bias = t.bias;
  pass.launch(
    { label: `matmul/${variantName(variant)}`, code: matmulWgsl(variant) },
    bindings,
    { ...params, batchA: s.batchA, batchB: s.batchB, batchY: s.batchY },
    {
      workgroups: [
        Math.ceil(N / (LANES.columns * variant.columns)),
        Math.ceil(M / (LANES.rows * variant.rows)),
        batch,
      ],
    },
  );
}

/** Name of a variant in profiles and in `quern doctor`, such as `NN 8x16 vec4`. */
function variantName(v: MatmulVariant): string {
  const vectors = [v.vectorA && "a", v.vectorB && "b", v.vectorY && "y"].filter(Boolean).join("");
  return `${v.layout} ${v.rows}x${v.columns} ${vectors ? `vec4(${vectors})` : "scalar"}`;
}

/**
 * The variant and sizes that {@linkcode matmul} uses for these tensors.
 *
 * @throws {RangeError} if the sizes do not fit each other
 */
export function matmulSizes(t: MatmulTensors, options: MatmulOptions): {
  variant: MatmulVariant;
  batch: number;
  M: number;
  N: number;
  K: number;
  startA: number;
  startY: number;
  strideA: number;
  strideB: number;
  strideY: number;
  batchA: number;
  batchB: number;
  batchY: number;
} {
  const { layout, accumulate = false } = options;
  const [batchOfA, rowsA, strideA] = matrixShape(t.a);
  const [batchOfB, rowsB, strideB] = matrixShape(t.b);
  const [batch, rowsY, strideY] = matrixShape(t.y);
  const [startA, endA] = options.columnsOfA ?? [0, strideA];
  const [startY, endY] = options.columnsOfY ?? [0, strideY];
  const [M, K] = layout === "TN" ? [endA - startA, rowsA] : [rowsA, endA - startA];
  const [N, innerB] = layout === "NT" ? [rowsB, strideB] : [strideB, rowsB];
  const fail = (rule: string): never => {
    throw new RangeError(
      `Cannot multiply a [${t.a.shape}] by b [${t.b.shape}] in layout ${layout} into y [${t.y.shape}]: ${rule}`,
    );
  };
  if (K !== innerB) fail(`inner sizes must match, got ${K} and ${innerB}`);
  if (rowsY !== M || endY - startY !== N) fail(`y must be [${M}, ${N}]`);
  if (endA > strideA || endY > strideY || M < 1 || N < 1) fail("columns must be inside the matrix");
  const shared = (count: number) => count === 0 || count === batch;
  if (!shared(batchOfA) || !shared(batchOfB)) fail("batch sizes must match");
  if (t.bias && t.bias.size !== N) fail(`bias must be [${N}], got [${t.bias.shape}]`);
  const batchA = batchOfA ? rowsA * strideA : 0;
  const batchB = batchOfB ? rowsB * strideB : 0;
  const batchY = rowsY * strideY;
  const by4 = (...values: number[]) => values.every((value) => value % 4 === 0);
  let vectorA = by4(layout === "TN" ? M : K, startA, strideA, batchA);
  let vectorB = by4(layout === "NT" ? K : N, strideB, batchB);
  if (layout === "NT") vectorA = vectorB = vectorA && vectorB;
  const vectorY = by4(N, startY, strideY, batchY) && (vectorB || layout === "NT");
  const bias = t.bias !== undefined;
  return {
    variant: { ...TILE, layout, vectorA, vectorB, vectorY, bias, accumulate },
    batch: Math.max(1, batch),
    ...{ M, N, K, startA, startY, strideA, strideB, strideY, batchA, batchB, batchY },
  };
}

/** [batch, rows, columns]; batch is 0 where the tensor has no batch dimension. */
function matrixShape({ shape, label }: Tensor): [number, number, number] {
  if (shape.length === 2) return [0, shape[0], shape[1]];
  if (shape.length === 3) return [shape[0], shape[1], shape[2]];
  throw new RangeError(`Cannot multiply ${label} [${shape}]: it must have 2 or 3 dimensions`);
}
