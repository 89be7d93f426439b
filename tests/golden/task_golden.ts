/** Reads what tasks.py wrote. */
import type { TaskBatch } from "../../data/mod.ts";
import type { Device } from "../../kernels/mod.ts";
import { Gpt, type GptConfig, SafetensorsFile } from "../../model/mod.ts";
import type { Golden } from "./golden.ts";

/** A golden case of a task: rows of different lengths, padded to any length. */
export interface TaskGolden extends Omit<Golden, "batch" | "restartPositions"> {
  /** Tokens of each row. */
  lengths: number[];
  /** The rows, each padded to T with some token of the vocabulary. */
  batch(T: number): TaskBatch;
}

/** Opens a golden case; what PyTorch computed in float64 is what counts. */
export async function openTaskGolden(name: string): Promise<TaskGolden> {
  const base = new URL(name, import.meta.url).pathname;
  const json = JSON.parse(await Deno.readTextFile(`${base}.json`));
  const config: GptConfig = json.config;
  const file = SafetensorsFile.open(`${base}.safetensors`);
  const lengths: number[] = json.tokens.map(({ length }: number[]) => length);
  return {
    ...{ config, adamw: json.adamw, lengths, file },
    loss: json.loss.float64,
    gradientNorm: json.gradientNorm.float64,
    losses: json.losses.float64,
    batch(T) {
      const B = lengths.length;
      const batch: TaskBatch = {
        ...{ index: 0, B, T, rows: Int32Array.from(lengths.keys()) },
        lengths: Uint32Array.from(lengths),
        tokens: new Uint32Array(B * T).fill(13),
        targets: new Int32Array(B * T).fill(-1),
        weights: new Float32Array(B * T).fill(1),
        ...(config.head?.multiLabel && { labels: Float32Array.from(json.targets.flat()) }),
      };
      lengths.forEach((length, b) => {
        batch.tokens.set(json.tokens[b], b * T);
        const last = b * T + length - 1;
        if (config.head?.of !== "text") batch.targets.set(json.targets[b], b * T);
        else if (!config.head.multiLabel) batch.targets[last] = json.targets[b];
        batch.weights![last] = json.weights?.[b] ?? 1;
      });
      return batch;
    },
    async model(device: Device) {
      const model = Gpt.create(device, config, { seed: 1 });
      for (const [key, tensor] of model.parameters.tensors) {
        tensor.write(await file.read(`weight.${key}`));
      }
      return model;
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
