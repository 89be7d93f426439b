import { keepFactorWgsl } from "../random/mod.ts";

/** x: [n]; clock: [2], seed and step. A thread scales one element by 0 or 1 / (1 − rate), in place. */
export const dropoutWgsl: string = /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32, layer: u32, threshold: u32, factor: f32 }
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<storage, read> clock: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;
${keepFactorWgsl}
@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  x[i] *= keepFactor(i);
}
`;
