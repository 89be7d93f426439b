/** low: rows of R; a: [S, R, K]. What {@linkcode adapterLowWgsl} and its second half share. */
const head = (rows: number) => `
override BLOCK: u32 = 64;
struct Params { n: u32, K: u32, N: u32, R: u32, S: u32 }
@group(0) @binding(0) var<uniform> rows: array<vec4u, ${rows}>;
@group(0) @binding(1) var<storage, read> adapters: array<u32>;
`;

/** Adds v·w to the sum, element after element. */
function addProduct(vector: boolean): string {
  if (!vector) return "sum = fma(v, w, sum);";
  return [..."xyzw"].map((q) => `sum = fma(v.${q}, w.${q}, sum);`).join(" ");
}

/**
 * low[i] = x[i]·A[adapter]ᵀ with the adapter of the row's slot, 0 where it has none.
 *
 * rows: [at least M] of slot and more; adapters: [slots], S for none; x: [at least M, K]; a: [S, R, K]; low:
 * [at least M, R]. A thread sums one element in the order of k; overwrites low.
 *
 * @param rows that `rows` has
 * @param vector whether x and a are read four elements at a time, K counting vectors
 */
export function adapterLowWgsl(rows: number, vector: boolean): string {
  const type = vector ? "vec4f" : "f32";
  return /* wgsl */ `${head(rows)}
@group(0) @binding(2) var<storage, read> x: array<${type}>;
@group(0) @binding(3) var<storage, read> a: array<${type}>;
@group(0) @binding(4) var<storage, read_write> low: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  let row = i / params.R;
  let adapter = adapters[rows[row].x];
  var sum = 0.0;
  if (adapter < params.S) {
    let start = (adapter * params.R + i % params.R) * params.K;
    for (var k = 0u; k < params.K; k++) {
      let v = x[row * params.K + k];
      let w = a[start + k];
      ${addProduct(vector)}
    }
  }
  low[i] = sum;
}
`;
}

/**
 * y[i] = low[i]·B[adapter]ᵀ, 0 where the row's slot has no adapter; or adds that to y.
 *
 * b: [S, N, R], low and b four elements at a time where `vector` is true, R counting vectors; y: [at least
 * M, N]; others as above. A thread sums one element in the order of r; overwrites y,
 * or accumulates.
 */
export function adapterHighWgsl(rows: number, accumulate: boolean, vector: boolean): string {
  const type = vector ? "vec4f" : "f32";
  return /* wgsl */ `${head(rows)}
@group(0) @binding(2) var<storage, read> low: array<${type}>;
@group(0) @binding(3) var<storage, read> b: array<${type}>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  let row = i / params.N;
  let adapter = adapters[rows[row].x];
  if (adapter >= params.S) {
    ${accumulate ? "" : "y[i] = 0.0;"}
    return;
  }
  let start = (adapter * params.N + i % params.N) * params.R;
  var sum = 0.0;
  for (var r = 0u; r < params.R; r++) {
    let v = low[row * params.R + r];
    let w = b[start + r];
    ${addProduct(vector)}
  }
  y[i] ${accumulate ? "+=" : "="} sum;
}
`;
}
