/**
 * AdamW: p −= lr·wd·p; m = β1·m + (1 − β1)·g; v = β2·v + (1 − β2)·g²; p −= lr·m̂ / (√v̂ + ε) with
 * m̂ = m / (1 − β1ᵗ), v̂ = v / (1 − β2ᵗ) and g the gradient times norm[1]; nothing where that is
 * below 0.
 * Source: Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
 */

/**
 * parameters, gradients, m, v: [n]; norm: [2]; schedule: [4], learning rate, 1 / (1 − β1ᵗ),
 * 1 / (1 − β2ᵗ) and a spare. A thread updates one element, or four where `vector`, of parameters, m
 * and v; elements below `decayed` are decayed.
 */
export function adamwWgsl(vector: boolean): string {
  const [type, width] = vector ? ["vec4f", 4] : ["f32", 1];
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params {
  n: u32, decayed: u32, epsilon: f32, weightDecay: f32,
  // new1 = 1 − β1 and new2 = 1 − β2 come from the host: in float32 the difference loses digits.
  beta1: f32, beta2: f32, new1: f32, new2: f32,
}
@group(0) @binding(0) var<storage, read_write> parameters: array<${type}>;
@group(0) @binding(1) var<storage, read> gradients: array<${type}>;
@group(0) @binding(2) var<storage, read_write> m: array<${type}>;
@group(0) @binding(3) var<storage, read_write> v: array<${type}>;
@group(0) @binding(4) var<storage, read> norm: array<f32>;
@group(0) @binding(5) var<storage, read> schedule: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n / ${width}u || norm[1] < 0.0) { return; }
  let index = ${vector ? "i * 4u + vec4u(0u, 1u, 2u, 3u)" : "i"};
  let decayed = index < ${vector ? "vec4u(params.decayed)" : "params.decayed"};
  let now = schedule[0];
  let rate = now.x;
  let g = gradients[i] * norm[1];
  let mean = fma(g, ${type}(params.new1), m[i] * params.beta1);
  let square = fma(g * g, ${type}(params.new2), v[i] * params.beta2);
  let kept = select(${type}(1.0), ${type}(1.0 - rate * params.weightDecay), decayed);
  m[i] = mean;
  v[i] = square;
  let spread = sqrt(square * now.z) + params.epsilon;
  parameters[i] = parameters[i] * kept - rate * (mean * now.y) / spread;
}
`;
}
