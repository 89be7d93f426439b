/** x: [N, C]; rows: [R]; y: [R, C] = x[rows[r]]. A thread copies one element; overwrites y. */
export const gatherRowsWgsl: string = /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32, C: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  y[i] = x[rows[i / params.C] * params.C + i % params.C];
}
`;

/**
 * dy: [R, C]; rows: [R]; dx: [N, C], dx[rows[r]] += dy[r]. A thread owns a channel of a row of dy; that of
 * the first among equal rows adds up all of them in their order. Accumulates.
 */
export const gatherRowsBackwardWgsl: string = /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { R: u32, C: u32 }
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  let C = params.C;
  if (i >= params.R * C) { return; }
  let first = i / C;
  let row = rows[first];
  for (var r = 0u; r < first; r++) { if (rows[r] == row) { return; } }
  var sum = 0.0;
  for (var r = first; r < params.R; r++) { if (rows[r] == row) { sum += dy[r * C + i % C]; } }
  dx[row * C + i % C] += sum;
}
`;
