/** x: [n] = value. A thread writes one element; overwrites x. */
export const fillWgsl: string = /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32, value: f32 }
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  x[i] = params.value;
}
`;
