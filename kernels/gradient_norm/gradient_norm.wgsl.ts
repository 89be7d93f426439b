/**
 * Global L2 norm in two kernels: partial sums of squares, a fixed number for each range of a
 * gradient, then their total. Sums are made of short sums, so that small addends are not lost: a
 * thread's in chunks of 64, then all threads', then all ranges'.
 */

/** Threads over a range, each of which writes a partial sum. */
export const PARTIALS = 4096;

/**
 * gradient: [n], partial: [PARTIALS]. A thread sums the squares of every PARTIALS-th element, or
 * vector of four where `vector`; overwrites partial.
 */
export function sumOfSquaresWgsl(vector: boolean): string {
  const type = vector ? "vec4f" : "f32";
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32 }
const STRIDE = ${PARTIALS}u;
@group(0) @binding(0) var<storage, read> gradient: array<${type}>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = params.n${vector ? " / 4u" : ""};
  var sum = ${type}();
  for (var start = id.x; start < n; start += 64u * STRIDE) {
    let end = min(start + 64u * STRIDE, n);
    var part = ${type}();
    for (var i = start; i < end; i += STRIDE) {
      let g = gradient[i];
      part = fma(g, g, part);
    }
    sum += part;
  }
  partial[id.x] = ${vector ? "(sum.x + sum.y) + (sum.z + sum.w)" : "sum"};
}
`;
}

/**
 * partial: [n], norm: [2]. One workgroup sums the partials and overwrites norm with √Σ and the
 * factor that brings the gradient down to `clip`, 1 where it is smaller or `clip` is 0.
 */
export const gradientNormWgsl: string = /* wgsl */ `
override BLOCK: u32 = 256;
struct Params { n: u32, clip: f32 }
@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> norm: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
var<workgroup> sums: array<f32, BLOCK>;

@compute @workgroup_size(BLOCK)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < params.n; i += BLOCK) { sum += partial[i]; }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane > 0u) { return; }
  for (var i = 1u; i < BLOCK; i++) { sum += sums[i]; }
  let length = sqrt(sum);
  norm[0] = length;
  norm[1] = select(1.0, params.clip / length, params.clip > 0.0 && length > params.clip);
}
`;
