/**
 * Binary cross-entropy of rows, the mean over their columns:
 * loss = weight/K·Σ_k (max(x, 0) − x·label + log(1 + exp(−|x|))), and backward
 * dx = (σ(x) − label)·weight·scale/K.
 *
 * logits, labels: [rows, K]; weights, losses: [rows]; scale: [1]. A thread has a row. Overwrites losses,
 * and in the backward variant logits.
 */
export function binaryCrossEntropyWgsl({ backward }: { backward: boolean }): string {
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { rows: u32, K: u32 }
@group(0) @binding(0) var<storage, ${backward ? "read_write" : "read"}> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
${backward ? "@group(0) @binding(5) var<storage, read> scale: array<f32>;" : ""}

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * BLOCK;
  if (row >= params.rows) { return; }
  let K = params.K;
  let weight = weights[row] / f32(K);
  var sum = 0.0;
  for (var i = row * K; i < row * K + K; i++) {
    let x = logits[i];
    // exp of a number that is not above 0 never overflows.
    let small = exp(-abs(x));
    sum += max(x, 0.0) - x * labels[i] + log(1.0 + small);
    ${
    backward
      ? `let p = select(small, 1.0, x >= 0.0) / (1.0 + small);
    logits[i] = (p - labels[i]) * weight * scale[0];`
      : ""
  }
  }
  losses[row] = weight * sum;
}
`;
}
