/** Reads what generate.py wrote. */
import type { Batch } from "../../data/mod.ts";
import type { Device } from "../../kernels/mod.ts";
import { Gpt, type GptConfig, SafetensorsFile } from "../../model/mod.ts";

/** Names of the golden cases. */
export const GOLDENS = [
  ...["tied_bias", "tied_no_bias", "untied_bias", "untied_no_bias"],
  ...["documents", "documents_restarted"],
];

/** A golden case: a model, a batch and what PyTorch makes of them. */
export interface Golden extends Disposable {
  config: GptConfig;
  batch: Batch;
  /** Whether positions restart with each document of the batch. */
  restartPositions: boolean;
  loss: number;
  gradientNorm: number;
  /** Loss before each of ten updates. */
  losses: number[];
  adamw: {
    learningRate: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    weightDecay: number;
    gradientClip: number;
  };
  file: SafetensorsFile;
  /** A new model with the case's first weights. */
  model(device: Device): Promise<Gpt>;
}

/** Opens a golden case; what PyTorch computed in float64 is what counts. */
export async function openGolden(name: string): Promise<Golden> {
  const base = new URL(name, import.meta.url).pathname;
  const json = JSON.parse(await Deno.readTextFile(`${base}.json`));
  const file = SafetensorsFile.open(`${base}.safetensors`);
  const [B, T] = [json.tokens.length, json.tokens[0].length];
  return {
    ...json,
    restartPositions: json.restartPositions ?? false,
    loss: json.loss.float64,
    gradientNorm: json.gradientNorm.float64,
    losses: json.losses.float64,
    batch: {
      index: 0,
      B,
      T,
      tokens: Uint32Array.from(json.tokens.flat()),
      targets: Int32Array.from(json.targets.flat()),
      ...(json.weights ? { weights: Float32Array.from(json.weights.flat()) } : {}),
      ...(json.documentStarts
        ? { documentStarts: Uint32Array.from(json.documentStarts.flat()) }
        : {}),
    },
    file,
    async model(device) {
      const model = Gpt.create(device, json.config, { seed: 1 });
      for (const [key, tensor] of model.parameters.tensors) {
        tensor.write(await file.read(`weight.${key}`));
      }
      return model;
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
