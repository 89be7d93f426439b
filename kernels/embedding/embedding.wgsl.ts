/**
 * Token plus position embedding: x[b][t] = scale·wte[tokens[b][t]] + wpe[offset + t], or
 * wpe[offset + positions[b][t]].
 *
 * A vocabulary larger than a binding is walked over in ranges of rows: each launch sees rows
 * [first, first + rows) of wte and passes over the positions of other tokens.
 */

/**
 * tokens, positions: [N]; wte: [rows, C]; wpe: [at least offset + T, C]; x: [N, C]. A thread writes one
 * element; overwrites x.
 */
export function embeddingForwardWgsl({ positions }: { positions: boolean }): string {
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { N: u32, T: u32, C: u32, first: u32, rows: u32, offset: u32, scale: f32 }
@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> wte: array<f32>;
@group(0) @binding(2) var<storage, read> wpe: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
${positions ? "@group(0) @binding(4) var<storage, read> positions: array<u32>;" : ""}
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.N * params.C) { return; }
  let n = i / params.C;
  let c = i % params.C;
  let row = tokens[n] - params.first;
  if (row >= params.rows) { return; }
  let position = params.offset + ${positions ? "positions[n]" : "n % params.T"};
  x[i] = params.scale * wte[row * params.C + c] + wpe[position * params.C + c];
}
`;
}

/**
 * tokens, next: [N]. A thread owns a position and overwrites next: the next position with the same
 * token, or N; with the top bit set where an earlier position has this token.
 */
export const embeddingChainsWgsl: string = /* wgsl */ `
override BLOCK: u32 = 8;
struct Params { N: u32 }
@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read_write> next: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.N) { return; }
  let token = tokens[i];
  var following = i + 1u;
  while (following < params.N && tokens[following] != token) { following++; }
  var earlier = 0u;
  while (earlier < i && tokens[earlier] != token) { earlier++; }
  next[i] = following | select(0u, 0x80000000u, earlier < i);
}
`;

/**
 * tokens, next: [N]; dx: [N, C]; dwte: [rows, C]. A thread owns a channel of a position; that of a
 * token's first position follows the chain and adds the sum to dwte: accumulates, in fixed order and
 * without looking at the rest of the vocabulary. Positions that restart are summed in the same way.
 */
export const embeddingTokensWgsl: string = /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { N: u32, C: u32, first: u32, rows: u32, scale: f32 }
@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> next: array<u32>;
@group(0) @binding(2) var<storage, read> dx: array<f32>;
@group(0) @binding(3) var<storage, read_write> dwte: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.N * params.C) { return; }
  let c = i % params.C;
  var position = i / params.C;
  let row = tokens[position] - params.first;
  if (row >= params.rows || next[position] >= 0x80000000u) { return; }
  var sum = 0.0;
  while (position < params.N) {
    sum += dx[position * params.C + c];
    position = next[position] & 0x7fffffffu;
  }
  dwte[row * params.C + c] += params.scale * sum;
}
`;

/**
 * dx: [B, T, C]; dwpe: [at least T, C], from element `start` on. A thread sums an element over the
 * batch; accumulates.
 */
export const embeddingPositionsWgsl: string = /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { B: u32, n: u32, start: u32 }
@group(0) @binding(0) var<storage, read> dx: array<f32>;
@group(0) @binding(1) var<storage, read_write> dwpe: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  var sum = 0.0;
  for (var b = 0u; b < params.B; b++) { sum += dx[b * params.n + i]; }
  dwpe[params.start + i] += sum;
}
`;

/** The token of a row that is in `last` instead. */
export const LAST_TOKEN = 0xffffffff;

/** What the shader of {@linkcode embeddingRowsWgsl} is written for. */
export interface EmbeddingRowsVariant {
  /** Whether channels are read four at a time, C counting vectors. */
  vector: boolean;
  /** Rows that `rows` has. */
  rows: number;
}

/**
 * rows: [at least M] of slot, position, token and cell; last: [slots]; wte: [count, C], rows from
 * `first` of V; wpe: [context, C]; x: [at least M, C]. A thread writes one element or vector of x where
 * its row's token is among those of wte; ids past the vocabulary count as its last.
 */
export function embeddingRowsWgsl({ vector, rows }: EmbeddingRowsVariant): string {
  const type = vector ? "vec4f" : "f32";
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32, C: u32, V: u32, first: u32, count: u32 }
@group(0) @binding(0) var<uniform> rows: array<vec4u, ${rows}>;
@group(0) @binding(1) var<storage, read> last: array<u32>;
@group(0) @binding(2) var<storage, read> wte: array<${type}>;
@group(0) @binding(3) var<storage, read> wpe: array<${type}>;
@group(0) @binding(4) var<storage, read_write> x: array<${type}>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  let c = i % params.C;
  let row = rows[i / params.C];
  var token = row.z;
  if (token == ${LAST_TOKEN}u) { token = last[row.x]; }
  token = min(token, params.V - 1u) - params.first;
  if (token >= params.count) { return; }
  x[i] = wte[token * params.C + c] + wpe[row.y * params.C + c];
}
`;
}
