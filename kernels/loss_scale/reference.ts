/** scale[0] *= state[0]. */
export function scaleLoss(t: { state: Float64Array; scale: Float64Array }): void {
  t.scale[0] *= t.state[0];
}

/** Halves the scale where the length is not finite; else takes it out of norm, and doubles it in time. */
export function updateLossScale(
  { state, norm }: { state: Float64Array; norm: Float64Array },
  { clip, interval }: { clip: number; interval: number },
): void {
  const [scale, steps] = state;
  if (!Number.isFinite(norm[0])) {
    norm[1] = -1;
    state.set([Math.max(scale / 2, 1), 0]);
    return;
  }
  const length = norm[0] / scale;
  norm.set([length, (clip > 0 && length > clip ? clip / length : 1) / scale]);
  state.set(steps + 1 >= interval ? [Math.min(2 * scale, 2 ** 24), 0] : [scale, steps + 1]);
}
