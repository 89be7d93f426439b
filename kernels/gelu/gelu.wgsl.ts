/**
 * GELU in its tanh form: y = ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
 * Source: Hendrycks & Gimpel 2016, "Gaussian Error Linear Units", section 2.
 *
 * `gate(x)` is its tanh.
 */
export const gateWgsl = (type: "f32" | "vec4f"): string => /* wgsl */ `
const SCALE = 0.7978845608028654; // √(2/π)
const CUBIC = 0.044715;
// Far from 0, tanh is ±1 to the last bit; unclamped, some drivers' tanh gives NaN there.
fn gate(x: ${type}) -> ${type} {
  return tanh(clamp(SCALE * (x + CUBIC * x * x * x), ${type}(-15.0), ${type}(15.0)));
}
`;

const SHARED = /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32 }
${gateWgsl("f32")}
`;

/** x, y: [n]. A thread writes one element; overwrites y. */
export const geluForwardWgsl: string = /* wgsl */ `${SHARED}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  y[i] = 0.5 * x[i] * (1.0 + gate(x[i]));
}
`;

/** x, dy, dx: [n]. A thread writes one element; overwrites dx. */
export const geluBackwardWgsl: string = /* wgsl */ `${SHARED}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  let v = x[i];
  let t = gate(v);
  let slope = SCALE * (1.0 + 3.0 * CUBIC * v * v);
  // t² reaches 1 before v·slope overflows, so the product must not be formed where it is 0·∞.
  let bend = select(0.0, 0.5 * v * (1.0 - t * t) * slope, abs(v) < 16.0);
  dx[i] = dy[i] * (0.5 * (1.0 + t) + bend);
}
`;
