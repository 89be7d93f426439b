import { matmul, type MatmulArrays, type MatmulSizes } from "../matmul/reference.ts";

/** Multiplications that take about a quarter of a second in float64. */
const MOST = 2 ** 27;

/** Rows and columns of a large product that are computed. */
const SAMPLES = 61;

/**
 * The reference of a product, of which only some rows and columns, spread over all of it, are computed
 * where the whole would take seconds; the rest of y becomes NaN.
 */
export function sampledMatmul(t: MatmulArrays, sizes: MatmulSizes): void {
  const { layout, M, N, K } = sizes;
  if (M * N * K <= MOST) return matmul(t, sizes);
  const [rows, columns] = [spread(M), spread(N)];
  const part = {
    a: layout === "TN" ? pick(t.a, every(K), rows, M) : pick(t.a, rows, every(K), K),
    b: layout === "NT" ? pick(t.b, columns, every(K), K) : pick(t.b, every(K), columns, N),
    y: pick(t.y, rows, columns, N),
  };
  matmul(part, { ...sizes, M: rows.length, N: columns.length });
  t.y.fill(NaN);
  rows.forEach((row, i) =>
    columns.forEach((column, j) => t.y[row * N + column] = part.y[i * columns.length + j])
  );
}

/** All indices below n. */
const every = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Indices below n, the first and the last among them. */
function spread(n: number): number[] {
  if (n <= SAMPLES) return every(n);
  return every(SAMPLES).map((i) => Math.round(i * (n - 1) / (SAMPLES - 1)));
}

function pick(from: Float64Array, rows: number[], columns: number[], width: number): Float64Array {
  const part = new Float64Array(rows.length * columns.length);
  rows.forEach((row, i) =>
    columns.forEach((column, j) => part[i * columns.length + j] = from[row * width + column])
  );
  return part;
}
