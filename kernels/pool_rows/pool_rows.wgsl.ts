/**
 * sums[slot] += x of all rows of a slot, in the order of rows.
 *
 * x: [at least M, C]; rows: slot, position, token and cell of each; sums: [slots, C]. A thread owns a channel
 * of all slots; accumulates.
 */
export function poolRowsWgsl(rows: number): string {
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { M: u32, C: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<uniform> rows: array<vec4u, ${rows}>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = id.x + id.y * groups.x * BLOCK;
  let C = params.C;
  if (c >= C) { return; }
  for (var i = 0u; i < params.M; i++) { sums[rows[i].x * C + c] += x[i * C + c]; }
}
`;
}
