/**
 * x = value. A thread writes one of n elements, or one of n vectors of four where `vector`; overwrites x.
 */
export function fillWgsl(vector: boolean): string {
  const type = vector ? "vec4f" : "f32";
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32, value: f32 }
@group(0) @binding(0) var<storage, read_write> x: array<${type}>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  x[i] = ${type}(params.value);
}
`;
}
