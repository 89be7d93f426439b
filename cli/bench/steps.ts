import { batches } from "../../data/mod.ts";
import type { Device, Span } from "../../kernels/mod.ts";
import { Gpt, PRESETS, Scheduler, TRAIN_DEFAULTS, TrainingStep } from "../../model/mod.ts";
import {
  type Contender,
  type Runner,
  spend,
  timeInTurn,
  type Timing,
  type WorkSizes,
} from "./contender.ts";

/** How fast whole training steps are. */
export interface TrainingResult extends Timing {
  model: string;
  work: "training step";
  tokensPerSecond: number;
  /** Kernels that a step launches. */
  dispatches: number;
  /** Share of the step in which the GPU works; absent where it has no clock. */
  gpuBusy?: number;
  /** Share of the kernels' time that matrix products take, their copies into textures included. */
  matmulShare?: number;
  others: Record<string, Timing>;
}

/** How fast whole decoding steps are. */
export interface DecodingResult {
  model: string;
  work: "decoding step";
  /** Sequences that are decoded at once. */
  sequences: number;
  /** Tokens of all sequences. */
  tokensPerSecond: number;
  lowTokensPerSecond: number;
  highTokensPerSecond: number;
}

type Model = keyof typeof PRESETS;

/** A model without dropout and biases, as nanoGPT's recipe for a CPU has it. */
function createModel(device: Device, model: Model, V: number): Gpt {
  const shape = { vocabularySize: V, dropout: 0, bias: false, tie: true };
  return Gpt.create(device, { ...PRESETS[model], ...shape }, { seed: 1337 });
}

/** Times training steps in turn with the others'. */
export async function benchTraining(
  device: Device,
  model: Model,
  sizes: WorkSizes,
  { rounds, contenders, tune }: {
    rounds: number;
    contenders: readonly Contender[];
    /** Chooses among the variants of what was recorded. */
    tune: () => Promise<boolean>;
  },
): Promise<TrainingResult> {
  const { B: batchSize, T: context, V } = sizes;
  using gpt = createModel(device, model, V);
  const options = { ...TRAIN_DEFAULTS, batchSize, context };
  using step = await TrainingStep.create(gpt, options);
  if (await tune()) await step.record();
  const tokens = Uint32Array.from(
    { length: 64 * batchSize * context },
    (_, i) => (i * i * 31 + i * 7) % V,
  );
  const rows = { batchSize, context, order: "shuffled", seed: 1 } as const;
  const reader = batches(tokens, rows).getReader();
  let iteration = 0;
  const run: Runner = (runs) =>
    spend(async () => {
      for (let i = 0; i < runs; i++) {
        step.run([(await reader.read()).value!], ++iteration, 1e-3);
        if (iteration % 32 === 0) await step.read();
      }
      await step.read();
    });
  const runners = new Map([["quern", run]]);
  for (const contender of contenders) {
    const other = await contender.prepareTraining?.({ ...sizes, layers: PRESETS[model].layers });
    if (other) runners.set(contender.name, other);
  }
  const { quern, ...others } = Object.fromEntries(await timeInTurn(runners, rounds));
  const batch = (await reader.read()).value!;
  const spans = device.gpu.features.has("timestamp-query")
    ? await device.profile(() => step.run([batch], ++iteration, 1e-3))
    : [];
  await step.read();
  return {
    ...{ model, work: "training step", ...quern, others },
    tokensPerSecond: 1000 * batchSize * context / quern.medianMs,
    dispatches: step.dispatches,
    ...(spans.length > 0 ? sharesOf(spans, quern.medianMs) : {}),
  };
}

/** What the kernels' times tell of a step that takes so long when they are not timed one by one. */
export function sharesOf(
  spans: readonly Span[],
  stepMs: number,
): { gpuBusy: number; matmulShare: number } {
  const ms = (some: readonly Span[]) =>
    some.reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0) / 1e6;
  const products = spans.filter(({ label }, i) =>
    label.startsWith("matmul") ||
    (label === "copies into textures" && spans[i + 1]?.label.startsWith("matmul"))
  );
  return { gpuBusy: Math.min(1, ms(spans) / stepMs), matmulShare: ms(products) / ms(spans) };
}

/** Times greedy decoding of some sequences at once. */
export async function benchDecoding(
  device: Device,
  model: Model,
  V: number,
  { sequences, rounds }: { sequences: number; rounds: number },
): Promise<DecodingResult> {
  using gpt = createModel(device, model, V);
  await using scheduler = await Scheduler.create(gpt);
  const request = (seed: number) => ({
    prompt: [seed % V],
    maxTokens: Math.min(62, PRESETS[model].context - 2),
    sampling: { temperature: 0 },
  });
  const perSecond: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    const ends = await Promise.all(
      Array.from({ length: sequences }, (_, i) => scheduler.submit(request(i)).done),
    );
    const tokens = ends.reduce((sum, { tokens }) => sum + tokens, 0);
    // The first round compiles.
    if (round > 0) perSecond.push(1000 * tokens / (performance.now() - start));
  }
  perSecond.sort((a, b) => a - b);
  return {
    ...{ model, work: "decoding step", sequences },
    tokensPerSecond: perSecond[perSecond.length >> 1],
    lowTokensPerSecond: perSecond[0],
    highTokensPerSecond: perSecond.at(-1)!,
  };
}
