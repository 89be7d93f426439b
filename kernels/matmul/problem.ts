import type { Tensor } from "../gpu/mod.ts";

/** How a and b lie in memory: N as written, T transposed. */
export type Layout = "NN" | "NT" | "TN";

/** Tensors of {@linkcode matmul}. */
export interface MatmulTensors {
  /** [M, K], or [K, M] in layout TN; a leading batch dimension is optional. */
  a: Tensor;
  /** [K, N], or [N, K] in layout NT; a leading batch dimension is optional. */
  b: Tensor;
  /** [M, N], with the leading batch dimension if a or b has one. */
  y: Tensor;
  /** [N], added to each row. @default none */
  bias?: Tensor;
  /** [M, N], added to the result: the stream that a branch joins. @default none */
  residual?: Tensor;
  /** [M, N]: gets GELU(y), while y keeps what a backward pass needs. @default none */
  activated?: Tensor;
  /** [M, N]: multiplies a·b by GELU′(before), the way back through an activation. @default none */
  before?: Tensor;
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

/** Sizes of a product, in elements: what a shader gets as its params. */
export interface MatmulSizes {
  /** Rows of y. */
  M: number;
  /** Columns of y. */
  N: number;
  /** Length of a sum. */
  K: number;
  /** First column of a and of y. */
  startA: number;
  startY: number;
  /** From a row to the next. */
  strideA: number;
  strideB: number;
  strideY: number;
  /** From a matrix of the batch to the next; 0 where all share one. */
  batchA: number;
  batchB: number;
  batchY: number;
}

/** What a product's shader is written for, whatever its variant. */
export interface MatmulForm {
  /** NN: a [M, K], b [K, N]. NT: a [M, K], b [N, K]. TN: a [K, M], b [K, N]. */
  layout: Layout;
  /** Whether a can be read four elements at a time. */
  vectorA: boolean;
  /** Whether b can be read four elements at a time. */
  vectorB: boolean;
  /** Whether y can be written four elements at a time. */
  vectorY: boolean;
  bias: boolean;
  /** Adds to y instead of overwriting it. */
  accumulate: boolean;
  /** Adds a residual. */
  residual: boolean;
  /** Writes GELU(y) too. */
  activated: boolean;
  /** Multiplies by GELU′(before). */
  before: boolean;
}

/** A product to compute. */
export interface MatmulProblem {
  tensors: MatmulTensors;
  sizes: MatmulSizes;
  form: MatmulForm;
  /** Number of matrices, at least 1. */
  batch: number;
}

/**
 * The problem that tensors and options pose.
 *
 * @throws {RangeError} if the sizes do not fit each other
 */
export function matmulProblem(t: MatmulTensors, options: MatmulOptions): MatmulProblem {
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
  for (const name of ["residual", "activated", "before"] as const) {
    const shape = t[name]?.shape ?? t.y.shape;
    if (String(shape) !== String(t.y.shape)) fail(`${name} must be [${t.y.shape}], got [${shape}]`);
  }
  if (t.before && (t.bias || t.residual || t.activated || accumulate)) {
    fail("before goes with no bias, residual, activated or accumulate");
  }
  const batchA = batchOfA ? rowsA * strideA : 0;
  const batchB = batchOfB ? rowsB * strideB : 0;
  const batchY = rowsY * strideY;
  const by4 = (...values: number[]) => values.every((value) => value % 4 === 0);
  return {
    tensors: t,
    sizes: { M, N, K, startA, startY, strideA, strideB, strideY, batchA, batchB, batchY },
    form: {
      layout,
      vectorA: by4(layout === "TN" ? M : K, startA, strideA, batchA),
      vectorB: by4(layout === "NT" ? K : N, strideB, batchB),
      vectorY: by4(N, startY, strideY, batchY),
      accumulate,
      bias: t.bias !== undefined,
      residual: t.residual !== undefined,
      activated: t.activated !== undefined,
      before: t.before !== undefined,
    },
    batch: Math.max(1, batch),
  };
}

/** [batch, rows, columns]; batch is 0 where the tensor has no batch dimension. */
function matrixShape({ shape, label }: Tensor): [number, number, number] {
  if (shape.length === 2) return [0, shape[0], shape[1]];
  if (shape.length === 3) return [shape[0], shape[1], shape[2]];
  throw new RangeError(`Cannot multiply ${label} [${shape}]: it must have 2 or 3 dimensions`);
}
