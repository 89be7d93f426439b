/**
 * A step of fine-tuning beside one of pre-training on as many tokens: a head over texts, a loss on
 * half of the tokens, adapters. `deno task bench finetune`.
 */
import type { TaskBatch } from "../../../data/mod.ts";
import { Device } from "../../../kernels/mod.ts";
import { Gpt, type GptConfig, PRESETS } from "../../../model/mod.ts";
import { TRAIN_DEFAULTS, TrainingStep } from "../../../model/trainer/mod.ts";

const [B, T, V] = [16, 64, 1024];
const ROUNDS = 7;
const STEPS = 6;

const BASE: GptConfig = {
  ...{ ...PRESETS.nano, context: T, vocabularySize: V, dropout: 0, bias: true, tie: true },
};

/** Random rows; a target at every position, or as `counts` says. */
function batchOf(counts: (i: number) => boolean, targetsBelow: number): TaskBatch {
  const random = (below: number) => Math.floor(below * Math.random());
  return {
    ...{ index: 0, B, T, rows: Int32Array.from({ length: B }, (_, b) => b) },
    lengths: new Uint32Array(B).fill(T),
    tokens: Uint32Array.from({ length: B * T }, () => random(V)),
    targets: Int32Array.from({ length: B * T }, (_, i) => counts(i) ? random(targetsBelow) : -1),
  };
}

const KINDS: Record<string, { config: GptConfig; batch: TaskBatch }> = {
  "pre-training": { config: BASE, batch: batchOf(() => true, V) },
  "loss on half of the tokens": { config: BASE, batch: batchOf((i) => i % T >= T / 2, V) },
  "head over texts": {
    config: { ...BASE, head: { of: "text", labels: Array.from({ length: 77 }, (_, k) => `${k}`) } },
    batch: batchOf((i) => i % T === T - 1, 77),
  },
  "adapters of rank 8": {
    config: { ...BASE, lora: { rank: 8, alpha: 16, dropout: 0, targets: ["c_attn", "c_proj"] } },
    batch: batchOf(() => true, V),
  },
};

using device = await Device.open();
using stack = new DisposableStack();
const steps: { name: string; step: TrainingStep; batch: TaskBatch; times: number[] }[] = [];
for (const [name, { config, batch }] of Object.entries(KINDS)) {
  const model = stack.use(Gpt.create(device, config, { seed: 1 }));
  const options = { ...TRAIN_DEFAULTS, batchSize: B, context: T };
  const step = stack.use(await TrainingStep.create(model, options));
  steps.push({ name, step, batch, times: [] });
}
for (let round = 0; round <= ROUNDS; round++) {
  for (const { step, batch, times } of steps) {
    const begin = performance.now();
    for (let i = 1; i <= STEPS; i++) step.run([batch], i, 1e-4);
    await step.read();
    // The first round warms up.
    if (round > 0) times.push((performance.now() - begin) / STEPS);
  }
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];
const base = median(steps[0].times);
const ratios = Object.fromEntries(steps.map(({ name, times }) => [name, median(times) / base]));
for (const { name, times } of steps) {
  console.log(
    `${name.padEnd(28)} ${median(times).toFixed(1)} ms, ${ratios[name].toFixed(2)} of pre-training`,
  );
}
console.log(JSON.stringify({ bench: "finetune", B, T, msPerStep: base, ratios }));
