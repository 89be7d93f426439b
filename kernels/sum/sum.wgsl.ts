/**
 * total[slot[0]] += Σ x, in a fixed order. x: [n], total: [k], slot: [1]. One workgroup: a thread
 * sums every BLOCK-th element, 64 at a time so that small addends are not lost in a large sum; then
 * its first thread adds up what all have found.
 */
export const accumulateSumWgsl: string = /* wgsl */ `
override BLOCK: u32 = 256;
struct Params { n: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;
@group(0) @binding(2) var<storage, read> slot: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;
var<workgroup> sums: array<f32, BLOCK>;

@compute @workgroup_size(BLOCK)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var start = lane; start < params.n; start += 64u * BLOCK) {
    let end = min(start + 64u * BLOCK, params.n);
    var part = 0.0;
    for (var i = start; i < end; i += BLOCK) { part += x[i]; }
    sum += part;
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane > 0u) { return; }
  for (var i = 1u; i < BLOCK; i++) { sum += sums[i]; }
  total[slot[0]] += sum;
}
`;
