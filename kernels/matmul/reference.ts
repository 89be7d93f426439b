/** Sizes of {@linkcode matmul}: y is [batch, M, N]; a matrix without a batch is shared. */
export interface MatmulSizes {
  layout: "NN" | "NT" | "TN";
  M: number;
  N: number;
  K: number;
  batch?: number;
  /** Whether a and b have a matrix for each of the batch. */
  batchOfA?: boolean;
  batchOfB?: boolean;
  accumulate?: boolean;
  columnsOfA?: readonly [number, number];
  columnsOfY?: readonly [number, number];
}

/** Arrays of {@linkcode matmul}. */
export interface MatmulArrays {
  a: Float64Array;
  b: Float64Array;
  y: Float64Array;
  bias?: Float64Array;
  residual?: Float64Array;
  activated?: Float64Array;
  before?: Float64Array;
}

/**
 * y[n][i][j] = (Σ_k a(i, k)·b(k, j) + bias[j])·GELU′(before[n][i][j]) + residual[n][i][j], and
 * activated = GELU(y).
 */
export function matmul(t: MatmulArrays, sizes: MatmulSizes): void {
  const { layout, M, N, K, batch = 1, batchOfA, batchOfB, accumulate } = sizes;
  const widthA = t.a.length / (batchOfA ? batch : 1) / (layout === "TN" ? K : M);
  const widthY = t.y.length / batch / M;
  const startA = sizes.columnsOfA?.[0] ?? 0;
  const startY = sizes.columnsOfY?.[0] ?? 0;
  for (let n = 0; n < batch; n++) {
    const a0 = startA + (batchOfA ? n * widthA * (layout === "TN" ? K : M) : 0);
    const b0 = batchOfB ? n * K * N : 0;
    for (let i = 0; i < M; i++) {
      for (let j = 0; j < N; j++) {
        let sum = t.bias?.[j] ?? 0;
        for (let k = 0; k < K; k++) {
          const a = t.a[a0 + (layout === "TN" ? k * widthA + i : i * widthA + k)];
          const b = t.b[b0 + (layout === "NT" ? j * K + k : k * N + j)];
          sum += a * b;
        }
        const at = (n * M + i) * widthY + startY + j;
        if (t.before) sum *= slope(t.before[at]);
        t.y[at] = (accumulate ? t.y[at] + sum : sum) + (t.residual?.[at] ?? 0);
      }
    }
  }
  t.y.forEach((value, i) => {
    if (t.activated) t.activated[i] = 0.5 * value * (1 + gate(value));
  });
}

const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

const gate = (x: number) => Math.tanh(SCALE * (x + CUBIC * x ** 3));

/** GELU′(x). */
function slope(x: number): number {
  const t = gate(x);
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SCALE * (1 + 3 * CUBIC * x * x);
}

/** Gradients of y = x·w + bias with x [M, K], w [K, N]: what layouts NT and TN are for. */
export function matmulBackward(
  t: { a: Float64Array; b: Float64Array; dy: Float64Array; da: Float64Array; db: Float64Array },
  { M, N, K }: { M: number; N: number; K: number },
): void {
  matmul({ a: t.dy, b: t.b, y: t.da }, { layout: "NT", M, N: K, K: N, accumulate: true });
  matmul({ a: t.a, b: t.dy, y: t.db }, { layout: "TN", M: K, N, K: M, accumulate: true });
}
