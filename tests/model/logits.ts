import type { AnyBatch } from "../../model/mod.ts";
import type { Network, PassOptions } from "../../model/network.ts";
import { batchTargets, writeTargets } from "../../model/trainer/batch.ts";

/** The logits of all rows of a batch, as the head gives them. */
export async function logitsOf(
  model: Network,
  batch: AnyBatch,
  options: Partial<PassOptions> = {},
): Promise<Float32Array> {
  const { device, config } = model;
  const { B, T } = batch;
  using passes = model.passes(device, { B, T, training: false, ...options });
  using forward = await device.record("forward", (pass) => passes.forward(pass));
  passes.write(batch);
  writeTargets(passes.head, batchTargets(batch, config.head));
  forward.run();
  return await passes.head.logits.read() as Float32Array;
}
