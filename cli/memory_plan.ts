/** What training takes of the GPU's memory, told before any of it is allocated. */
import { format } from "@std/fmt/bytes";
import { type Device, probeMemory } from "../kernels/mod.ts";
import {
  type GptConfig,
  type LargestBatch,
  largestBatch,
  planTraining,
  TRAIN_DEFAULTS,
  type TrainingMemory,
  type TrainOptions,
} from "../model/mod.ts";
import { isSoftware } from "./doctor_advice.ts";
import { defineOptions } from "./options.ts";

/** How much memory a plan may use. */
export const GPU_MEMORY_OPTION = defineOptions({
  gpuMemory: {
    type: "integer",
    unit: "bytes",
    min: 1,
    defaultHelp: "a guess: what the driver lets be allocated",
    help: "GPU memory that the largest batch must fit.",
  },
});

/** Type of the numbers in products. */
export const PRECISION_OPTION = defineOptions({
  precision: {
    type: "string",
    choices: ["f32", "f16"],
    default: TRAIN_DEFAULTS.precision,
    help:
      "Type of matrices and activations in products: f16 halves their memory; parameters and sums " +
      "stay f32, checkpoints too.",
  },
});

/** A plan as `--json` shows it. */
export interface MemoryPlan {
  batchSize: number;
  /** Bytes by kind; absent where the batch has a tensor over the adapter's limits. */
  memory?: TrainingMemory;
  /** The tensor over the limits. */
  limit?: string;
  /** Bytes that are there, and whether they are a guess. */
  gpuMemory: { bytes: number; guess: boolean };
  largest: LargestBatch;
}

/** Plans training without allocating anything for it. */
export async function planMemory(
  device: Device,
  config: GptConfig,
  options: Partial<TrainOptions> & { batchSize: number; gpuMemory?: number },
): Promise<MemoryPlan> {
  const { batchSize, gpuMemory } = options;
  const bytes = gpuMemory ?? await guessMemory(device);
  const found = await planTraining(device, config, options).then(
    (memory) => ({ memory }),
    (error: Error) => {
      if (error instanceof RangeError) return { limit: error.message };
      throw error;
    },
  );
  return {
    batchSize,
    ...found,
    gpuMemory: { bytes, guess: gpuMemory === undefined },
    largest: await largestBatch(device, config, options, bytes),
  };
}

/** What can be allocated; where the GPU shares the host's memory, no more than that has left. */
async function guessMemory({ adapter: { info } }: Device): Promise<number> {
  const shared = Deno.build.os === "darwin" || isSoftware(info);
  const most = shared ? Deno.systemMemoryInfo().available : Infinity;
  return Math.min(await probeMemory(), most);
}

/** Writes a plan for people. */
export function describePlan(name: string, plan: MemoryPlan): string {
  const { batchSize, memory, limit, gpuMemory, largest } = plan;
  const rows = Object.entries(memory ?? {}).map(([kind, bytes]) =>
    `  ${kind.padEnd(12)} ${size(bytes).padStart(9)}`
  );
  const there = `${size(gpuMemory.bytes)}${gpuMemory.guess ? " (a guess)" : ""}`;
  return [
    `GPU memory to train ${name} with batches of ${batchSize}`,
    ...(limit === undefined ? rows : [`  ${limit}`]),
    `Of ${there} the largest batch that fits has ${largest.rows} rows${
      largest.limit === undefined ? "" : `; with one more: ${largest.limit}`
    }`,
  ].join("\n");
}

const size = (bytes: number) => format(bytes, { binary: true, maximumFractionDigits: 1 });
