import { FORBIDDEN } from "../adjust_logits/mod.ts";
import { threefryWgsl } from "../random/mod.ts";

/** What a sampling shader is written for. */
export interface SampleVariant {
  /** Threads of a workgroup, which share a row. */
  lanes: number;
  /** Rows of `picks`. */
  picks: number;
  /** Slots of `settings`. */
  slots: number;
}

/** In place of a token: logits that are NaN or infinite, and a row of which all tokens are forbidden. */
export const NO_TOKEN = { broken: 0xffffffff, forbidden: 0xfffffffe };

/** Tokens of a thread in a turn of the loop that runs most often. */
const UNROLLED = 4;

/**
 * Turns of all loops of a thread, at most. Mesa's llvmpipe leaves every loop, in silence, once a thread has
 * made 65,535 turns in all.
 */
export function loopTurns(vocabularySize: number, lanes: number): number {
  const walks = 2 + 16 / UNROLLED;
  return walks * Math.ceil(vocabularySize / lanes) + 64 * lanes;
}

const range = (n: number) => [...Array(n).keys()];

/**
 * Chooses a token for each row by the settings of its slot.
 *
 * logits: [R, V]; picks: row, slot, position and scores of each; last: [slots]; counts: [slots, V];
 * chosen: [R]; settings: three vectors a slot, (temperature, top-k, top-p, min-p), (seed, its upper half,
 * adjustments, 0), (presence, frequency, repetition, 0), fractions as the bits of f32. A workgroup owns a
 * row, a thread every LANES-th token; overwrites chosen and last[slot], adds 1 to the token's count.
 *
 * Top-k and top-p are thresholds: the greatest key t of which the tokens with keys of at least t number
 * k, or have the mass p. Keys are logits as whole numbers of the same order; their 32 bits are found four
 * at a time, 16 thresholds being tried in each walk over the tokens, so nothing is sorted and each sum has
 * one order. The choice among what is left is the greatest of logit / temperature + Gumbel noise, which
 * needs no running sum; the noise is a function of seed, position and token.
 * Sources: Fan et al. 2018 (top-k), Holtzman et al. 2020 (top-p), Nguyen et al. 2024 (min-p), Maddison et
 * al. 2014 (the Gumbel-max trick).
 */
export function sampleWgsl({ lanes, picks, slots }: SampleVariant): string {
  return /* wgsl */ `
struct Params { V: u32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<uniform> picks: array<vec4u, ${picks}>;
@group(0) @binding(2) var<uniform> settings: array<vec4u, ${3 * slots}>;
@group(0) @binding(3) var<storage, read_write> last: array<u32>;
@group(0) @binding(4) var<storage, read_write> counts: array<u32>;
@group(0) @binding(5) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(6) var<uniform> params: Params;
const LANES = ${lanes}u;
const NONE = 0xffffffffu;
var<workgroup> values: array<f32, LANES>;
var<workgroup> tokens: array<u32, LANES>;
var<workgroup> partial: array<f32, ${16 * lanes}>;
var<workgroup> sums: array<f32, 16>;
${threefryWgsl}

/** The whole number of a logit in the order of logits. */
fn keyOf(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return bits ^ select(0x80000000u, 0xffffffffu, bits >= 0x80000000u);
}

/** −log of minus the logarithm of a uniform random number. */
fn gumbel(word: u32) -> f32 {
  // Of 1 − u rather than u: the greatest noise, which decides, then has all its digits.
  let u = (f32(word) + 0.5) * 2.3283064365386963e-10;
  let small = u * (1.0 + u * (0.5 + u * (0.33333333 + u * 0.25)));
  return -log(select(-log(1.0 - u), small, u < 0.01));
}

/** The token of the greatest value of all threads, the first of equals; NONE where there is none. */
fn greatest(lane: u32, value: f32, token: u32) -> u32 {
  values[lane] = value;
  tokens[lane] = token;
  workgroupBarrier();
  var best = NONE;
  var most = 0.0;
  for (var i = 0u; i < LANES; i++) {
    let found = tokens[i];
    let here = values[i];
    if (found != NONE && (best == NONE || here > most || (here == most && found < best))) {
      best = found;
      most = here;
    }
  }
  workgroupBarrier();
  return best;
}

@compute @workgroup_size(${lanes})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let V = params.V;
  let start = group.x * V;
  let pick = picks[group.x];
  let own = settings[pick.y * 3u];
  let temperature = bitcast<f32>(own.x);
  let topP = bitcast<f32>(own.z);
  let minP = bitcast<f32>(own.w);
  let seed = settings[pick.y * 3u + 1u].xy;

  var token = NONE;
  var value = 0.0;
  var broken = NONE;
  for (var i = lane; i < V; i += LANES) {
    let x = logits[start + i];
    let bits = bitcast<u32>(x);
    if ((bits & 0x7f800000u) == 0x7f800000u && bits != 0xff800000u) { broken = i; }
    if (x > ${FORBIDDEN} && (token == NONE || x > value)) { token = i; value = x; }
  }
  let anyBroken = greatest(lane, 0.0, broken) != NONE;
  var best = greatest(lane, value, token);
  let top = logits[start + min(best, V - 1u)];
  let scale = 1.0 / select(1.0, temperature, temperature > 0.0);

  // Two searches, top-k's and top-p's, of eight walks each.
  let draws = temperature > 0.0 && best != NONE && !anyBroken;
  let byCount = draws && own.y > 0u && own.y < V;
  let byMass = draws && topP < 1.0;
  let begin = select(8u, 0u, byCount);
  let end = select(8u, 16u, byMass);
  var least = 0u;
  var prefix = 0u;
  var wanted = f32(own.y);
  for (var walk = begin; walk < end; walk++) {
    let shift = 28u - (walk & 7u) * 4u;
    if ((walk & 7u) == 0u) { prefix = 0u; }
    ${range(16).map((j) => `let t${j} = max(prefix + (${j}u << shift), least);`).join("\n    ")}
    ${range(16).map((j) => `var w${j} = 0.0;`).join(" ")}
    for (var i = lane; i < V; i += ${UNROLLED}u * LANES) {
      ${
    range(UNROLLED).map((u) =>
      `{
        let at = i + ${u}u * LANES;
        let x = logits[start + min(at, V - 1u)];
        let key = keyOf(x);
        let may = at < V && x > ${FORBIDDEN};
        let w = select(0.0, select(1.0, exp((x - top) * scale), walk >= 8u), may);
        ${range(16).map((j) => `w${j} += select(0.0, w, key >= t${j});`).join(" ")}
      }`
    ).join("\n      ")
  }
    }
    ${range(16).map((j) => `partial[${j * lanes}u + lane] = w${j};`).join("\n    ")}
    workgroupBarrier();
    for (var j = lane; j < 16u; j += LANES) {
      var sum = 0.0;
      for (var i = 0u; i < LANES; i++) { sum += partial[j * LANES + i]; }
      sums[j] = sum;
    }
    workgroupBarrier();
    if (walk == 8u) { wanted = topP * sums[0]; }
    var digit = 0u;
    for (var j = 1u; j < 16u; j++) { if (sums[j] >= wanted) { digit = j; } }
    prefix += digit << shift;
    if ((walk & 7u) == 7u) { least = max(least, prefix); }
    workgroupBarrier();
  }
  // A share of 0 is reached by nothing; the likeliest stays.
  least = min(least, keyOf(top));

  let lowest = select(-3.0e38, log(minP), minP > 0.0);
  token = NONE;
  value = 0.0;
  for (var i = lane; i < select(0u, V, draws); i += LANES) {
    let x = logits[start + i];
    let y = (x - top) * scale;
    if (x > ${FORBIDDEN} && keyOf(x) >= least && y >= lowest) {
      let here = y + gumbel(threefry2x32(seed, vec2u(pick.z, i)).x);
      if (token == NONE || here > value) { token = i; value = here; }
    }
  }
  let drawn = greatest(lane, value, token);
  if (lane > 0u) { return; }
  if (draws) { best = drawn; }
  if (best == NONE) { best = ${NO_TOKEN.forbidden}u; }
  if (anyBroken) { best = ${NO_TOKEN.broken}u; }
  chosen[group.x] = best;
  last[pick.y] = best;
  if (best < V) { counts[pick.y * V + best] += 1u; }
}
`;
}
