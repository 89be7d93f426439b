/**
 * Dynamic loss scaling in one thread each. state: [2], the scale and the steps since it last changed.
 * Source: Micikevicius et al. 2018, "Mixed Precision Training", section 3.2.
 */

/** scale: [1], multiplied by state[0]. */
export const scaleLossWgsl: string = /* wgsl */ `
@group(0) @binding(0) var<storage, read> state: array<f32>;
@group(0) @binding(1) var<storage, read_write> scale: array<f32>;

@compute @workgroup_size(1)
fn main() {
  scale[0] = scale[0] * state[0];
}
`;

/**
 * norm: [2], the length of a scaled gradient and a spare; updates norm and state. A length that is not
 * finite is known by its bits: compilers may take for granted that there is none.
 */
export const updateLossScaleWgsl: string = /* wgsl */ `
struct Params { clip: f32, interval: f32 }
@group(0) @binding(0) var<storage, read_write> state: array<f32>;
@group(0) @binding(1) var<storage, read_write> norm: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;
const INFINITY = 0x7f800000u;
const MOST = 16777216.0;

@compute @workgroup_size(1)
fn main() {
  let scale = state[0];
  if ((bitcast<u32>(norm[0]) & INFINITY) == INFINITY) {
    norm[1] = -1.0;
    state[0] = max(scale * 0.5, 1.0);
    state[1] = 0.0;
    return;
  }
  let length = norm[0] / scale;
  norm[0] = length;
  norm[1] = select(1.0, params.clip / length, params.clip > 0.0 && length > params.clip) / scale;
  let steps = state[1] + 1.0;
  let grows = steps >= params.interval;
  state[0] = select(scale, min(scale * 2.0, MOST), grows);
  state[1] = select(steps, 0.0, grows);
}
`;
