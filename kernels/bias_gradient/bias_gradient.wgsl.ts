/**
 * Column sums in two steps of fixed order: each slice of rows, then the slices.
 */

/**
 * dy: [N, C]; partial: [S, C]. A thread sums one column (or four) over one of the S slices of rows;
 * overwrites partial.
 *
 * @param vector whether columns are read four at a time, C counting vectors
 */
export function columnSlicesWgsl(vector: boolean): string {
  const type = vector ? "vec4f" : "f32";
  return /* wgsl */ `
override BLOCK: u32 = 8;
struct Params { N: u32, C: u32, S: u32 }
@group(0) @binding(0) var<storage, read> dy: array<${type}>;
@group(0) @binding(1) var<storage, read_write> partial: array<${type}>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.S * params.C) { return; }
  let slice = i / params.C;
  let column = i % params.C;
  var sum = ${type}();
  for (var row = slice; row < params.N; row += params.S) { sum += dy[row * params.C + column]; }
  partial[i] = sum;
}
`;
}

/** partial: [S, C]; dbias: [C]. A thread adds one column's slices to dbias: accumulates. */
export const sumSlicesWgsl: string = /* wgsl */ `
override BLOCK: u32 = 8;
struct Params { C: u32, S: u32 }
@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> dbias: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let column = id.x + id.y * groups.x * BLOCK;
  if (column >= params.C) { return; }
  var sum = 0.0;
  for (var slice = 0u; slice < params.S; slice++) { sum += partial[slice * params.C + column]; }
  dbias[column] += sum;
}
`;
