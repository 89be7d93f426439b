/** Options of the reference; all are needed. */
export interface AdamwSizes {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  decayed: number;
}

/** p −= lr·wd·p for the decayed elements, then p −= lr·m̂ / (√v̂ + ε). */
export function adamw(
  t: {
    parameters: Float64Array;
    gradients: Float64Array;
    m: Float64Array;
    v: Float64Array;
    norm: Float64Array;
    schedule: Float64Array;
  },
  { beta1, beta2, epsilon, weightDecay, decayed }: AdamwSizes,
): void {
  const { parameters, gradients, m, v, norm, schedule } = t;
  const [rate, correction1, correction2] = schedule;
  if (norm[1] < 0) return;
  for (let i = 0; i < parameters.length; i++) {
    const g = gradients[i] * norm[1];
    if (i < decayed) parameters[i] *= 1 - rate * weightDecay;
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    parameters[i] -= rate * (m[i] * correction1) / (Math.sqrt(v[i] * correction2) + epsilon);
  }
}
