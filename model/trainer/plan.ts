import { type Device, GpuError } from "../../kernels/mod.ts";
import { assertConfig, type GptConfig } from "../config.ts";
import { Gpt } from "../gpt/mod.ts";
import type { TrainOptions } from "./options.ts";
import { Trainer, type TrainingMemory } from "./trainer.ts";

/**
 * Counts the GPU memory that training will take, without allocating it: makes a trainer on a device
 * that only plans.
 *
 * @example
 * ```ts
 * import { Device, planTraining, PRESETS } from "@quern/quern";
 *
 * using device = await Device.open();
 * const config = { ...PRESETS.nano, vocabularySize: 256, dropout: 0, bias: true, tie: true };
 * const { weights, total } = await planTraining(device, config, { batchSize: 4 });
 * console.log(weights, total > 4 * weights); // 3337216 true
 * ```
 * @param device whose limits and choices count
 * @throws {RangeError} if an option is out of its range, or a tensor is over the device's limits
 * @throws {GpuError} if a tensor is larger than the device's largest buffer
 */
export async function planTraining(
  device: Device,
  config: GptConfig,
  options: Partial<TrainOptions>,
): Promise<TrainingMemory> {
  using plan = device.planning();
  using model = Gpt.zeros(plan, config);
  using trainer = await Trainer.create(model, options);
  return trainer.memory;
}

/** Rows of a batch beyond which nobody asks. */
const MOST_ROWS = 2 ** 16;

/** The largest batch that fits. */
export interface LargestBatch {
  /** Its rows; 0 where not even one fits. */
  rows: number;
  /** Why no more do: the tensor over the device's limits; absent where it is the memory. */
  limit?: string;
}

/**
 * Finds the largest batch whose training takes at most `maxBytes` of GPU memory and has no tensor over
 * the device's limits.
 *
 * @throws {RangeError} if the model's shape is not possible
 */
export async function largestBatch(
  device: Device,
  config: GptConfig,
  options: Partial<TrainOptions>,
  maxBytes: number,
): Promise<LargestBatch> {
  assertConfig(config);
  let rows = 0;
  let above = MOST_ROWS + 1;
  let limit: string | undefined;
  while (above - rows > 1) {
    const batchSize = above > MOST_ROWS ? Math.max(1, 2 * rows) : Math.floor((rows + above) / 2);
    if (batchSize > MOST_ROWS) break;
    const found = await bytesOrLimit(device, config, { ...options, batchSize });
    if (typeof found === "number" && found <= maxBytes) rows = batchSize;
    else [above, limit] = [batchSize, typeof found === "number" ? undefined : found];
  }
  return { rows, ...(limit === undefined ? {} : { limit }) };
}

async function bytesOrLimit(
  device: Device,
  config: GptConfig,
  options: Partial<TrainOptions>,
): Promise<number | string> {
  try {
    return (await planTraining(device, config, options)).total;
  } catch (error) {
    if (error instanceof RangeError || error instanceof GpuError) return error.message;
    throw error;
  }
}
