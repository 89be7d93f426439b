/** What a log-probability shader is written for. */
export interface LogProbabilityVariant {
  /** Threads of a workgroup, which share a row. */
  lanes: number;
  /** Rows of `picks`. */
  picks: number;
}

/** Most tokens that are told beside a row's own. */
export const MOST_TOP = 20;

/** Logits of a thread in a turn of a loop. */
const UNROLLED = 4;

/** Turns of all loops of a thread, at most; see kernels/sample. */
export function loopTurns(vocabularySize: number, lanes: number): number {
  return (1 + MOST_TOP) * (Math.ceil(vocabularySize / lanes / UNROLLED) + lanes);
}

const range = (n: number) => [...Array(n).keys()];

/**
 * Log-softmax of a row at its token and at its likeliest ones.
 *
 * logits: [R, V]; picks: row, slot, position and count of each, a count of 1 + n asking for the token and
 * n likeliest ones, of 0 for nothing; tokens: [R]; ids, values: [R, 1 + MOST_TOP], of which a row's first
 * is its token. A workgroup owns a row, a thread every LANES-th logit; overwrites as many of ids and values
 * as are asked for.
 */
export function logProbabilityWgsl({ lanes, picks }: LogProbabilityVariant): string {
  const load = (u: number) => `
      let at${u} = i + ${u}u * LANES;
      let x${u} = select(-3.4e38, logits[start + min(at${u}, V - 1u)], at${u} < V);`;
  return /* wgsl */ `
struct Params { V: u32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<uniform> picks: array<vec4u, ${picks}>;
@group(0) @binding(2) var<storage, read> tokens: array<u32>;
@group(0) @binding(3) var<storage, read_write> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> values: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
const LANES = ${lanes}u;
const WIDTH = ${1 + MOST_TOP}u;
const NONE = 0xffffffffu;
var<workgroup> firsts: array<f32, LANES>;
var<workgroup> seconds: array<f32, LANES>;
var<workgroup> found: array<u32, LANES>;

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let V = params.V;
  let row = group.x;
  let start = row * V;
  let count = min(picks[row].w, WIDTH);
  var top = -3.4e38;
  var sum = 0.0;
  for (var i = lane; i < V; i += ${UNROLLED}u * LANES) {
    ${range(UNROLLED).map(load).join("")}
    let larger = max(max(top, max(x0, x1)), max(x2, x3));
    let more = (exp(x0 - larger) + exp(x1 - larger)) + (exp(x2 - larger) + exp(x3 - larger));
    sum = sum * exp(top - larger) + more;
    top = larger;
  }
  firsts[lane] = top;
  seconds[lane] = sum;
  workgroupBarrier();
  for (var i = 0u; i < LANES; i++) { top = max(top, firsts[i]); }
  sum = 0.0;
  for (var i = 0u; i < LANES; i++) { sum += seconds[i] * exp(firsts[i] - top); }
  let all = top + log(sum);
  workgroupBarrier();
  if (lane == 0u && count > 0u) {
    let token = tokens[row];
    ids[row * WIDTH] = token;
    values[row * WIDTH] = logits[start + min(token, V - 1u)] - all;
  }

  // Each time the greatest below the last one; of equals the lower id comes first.
  var limit = 3.4e38;
  var after = NONE;
  for (var n = 1u; n < count; n++) {
    var best = NONE;
    var most = -3.4e38;
    for (var i = lane; i < V; i += ${UNROLLED}u * LANES) {
      ${range(UNROLLED).map(load).join("")}
      ${
    range(UNROLLED).map((u) => `
      if (at${u} < V && (x${u} > most || best == NONE) &&
          (after == NONE || x${u} < limit || (x${u} == limit && at${u} > after))) {
        best = at${u};
        most = x${u};
      }`).join("")
  }
    }
    firsts[lane] = most;
    found[lane] = best;
    workgroupBarrier();
    best = NONE;
    for (var i = 0u; i < LANES; i++) {
      let id = found[i];
      let here = firsts[i];
      if (id != NONE && (best == NONE || here > most || (here == most && id < best))) {
        best = id;
        most = here;
      }
    }
    workgroupBarrier();
    after = best;
    limit = most;
    if (lane == 0u) {
      ids[row * WIDTH + n] = best;
      values[row * WIDTH + n] = most - all;
    }
  }
}
`;
}
