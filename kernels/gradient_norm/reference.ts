/** norm[0] = √(Σ g²) over all gradients; norm[1] = clip / norm[0] where that shortens, else 1. */
export function gradientNorm(
  t: { gradients: Float64Array[]; norm: Float64Array },
  { clip = 0 }: { clip?: number },
): void {
  const { gradients, norm } = t;
  let sum = 0;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i];
  }
  norm[0] = Math.sqrt(sum);
  norm[1] = clip > 0 && norm[0] > clip ? clip / norm[0] : 1;
}
