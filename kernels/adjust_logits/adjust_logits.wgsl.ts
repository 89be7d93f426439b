/** What the shader of {@linkcode adjustLogitsWgsl} is written for. */
export interface AdjustLogitsVariant {
  /** Rows of `picks`. */
  picks: number;
  /** Slots of `settings`. */
  slots: number;
}

/** The logit of a token that may not come, and whatever lies below it. */
export const FORBIDDEN = "-3.4028234e38";

/** In the settings of a slot, at vector 1: which adjustments apply. */
export const ADJUSTS = { penalties: 1, bias: 2, mask: 4 };

/**
 * Logits after what a sequence's tokens so far, its bias and its mask make of them.
 * Source of the repetition penalty: Keskar et al. 2019, "CTRL: A Conditional Transformer Language Model".
 *
 * logits, y: [R, V]; picks: row, slot, position and scores of each; settings: three vectors a slot, see
 * kernels/sample; counts, bias: [slots, V]; masks: [slots, words], bit v % 32 of word ⌊v / 32⌋ allowing
 * token v. The low 31 bits of a count are how often the answer holds the token, the top bit is whether
 * the prompt does. A thread writes one element of y.
 */
export function adjustLogitsWgsl({ picks, slots }: AdjustLogitsVariant): string {
  return /* wgsl */ `
override BLOCK: u32 = 64;
struct Params { n: u32, V: u32, words: u32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<uniform> picks: array<vec4u, ${picks}>;
@group(0) @binding(2) var<uniform> settings: array<vec4u, ${3 * slots}>;
@group(0) @binding(3) var<storage, read> counts: array<u32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> masks: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(BLOCK)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * BLOCK;
  if (i >= params.n) { return; }
  let slot = picks[i / params.V].y;
  let token = i % params.V;
  let applies = settings[slot * 3u + 1u].z;
  var x = logits[i];
  if ((applies & ${ADJUSTS.penalties}u) != 0u) {
    let penalties = bitcast<vec4f>(settings[slot * 3u + 2u]);
    let count = counts[slot * params.V + token];
    if (count != 0u) { x = select(x * penalties.z, x / penalties.z, x > 0.0); }
    let answered = f32(count & 0x7fffffffu);
    x -= penalties.y * answered + select(0.0, penalties.x, answered > 0.0);
  }
  if ((applies & ${ADJUSTS.bias}u) != 0u) { x += bias[slot * params.V + token]; }
  if ((applies & ${ADJUSTS.mask}u) != 0u) {
    let word = masks[slot * params.words + token / 32u];
    if (((word >> (token % 32u)) & 1u) == 0u) { x = ${FORBIDDEN}; }
  }
  y[i] = x;
}
`;
}
