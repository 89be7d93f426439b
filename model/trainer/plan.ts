import { type Device, GpuError } from "../../kernels/mod.ts";
import { assertConfig, type GptConfig } from "../config.ts";
import { Gpt } from "../gpt/mod.ts";
import type { Network } from "../network.ts";
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
  return await planNetwork(device, (plan) => Gpt.zeros(plan, config), options);
}

/**
 * Counts the GPU memory that training any model will take, without allocating it.
 *
 * @param make makes the model on a device that only plans
 */
export async function planNetwork(
  device: Device,
  make: (plan: Device) => Network,
  options: Partial<TrainOptions>,
): Promise<TrainingMemory> {
  using plan = device.planning();
  using model = make(plan);
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
  let [rows, above] = [0, MOST_ROWS + 1];
  let limit: string | undefined;
  const found: number[] = [];
  while (above - rows > 1) {
    const guesses = found.length < 2 ? [found.length + 1] : guess(found, maxBytes);
    // Step by step as long as nothing is known not to fit: plans of large batches take long.
    const most = above > MOST_ROWS ? Math.max(1, 4 * rows) : Infinity;
    const batchSize = Math.min(
      guesses.find((each) => each > rows && each < above) ?? Math.floor((rows + above) / 2),
      most,
    );
    const bytes = await bytesOrLimit(device, config, { ...options, batchSize });
    if (typeof bytes === "number") found.push(bytes);
    if (typeof bytes === "number" && bytes <= maxBytes) rows = batchSize;
    else [above, limit] = [batchSize, typeof bytes === "number" ? undefined : bytes];
  }
  return { rows, ...(limit === undefined ? {} : { limit }) };
}

/** The batch that should just fit, and the next, if each row takes what the second one does. */
function guess([one, two]: readonly number[], maxBytes: number): number[] {
  const rows = Math.floor(Math.min(MOST_ROWS, 1 + (maxBytes - one) / (two - one)));
  return [rows, rows + 1];
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
