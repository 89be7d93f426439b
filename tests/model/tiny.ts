import type { Batch } from "../../data/mod.ts";
import type { Device } from "../../kernels/mod.ts";
import { Gpt, type GptConfig } from "../../model/mod.ts";

/** A shape that trains in milliseconds. */
export const TINY: GptConfig = {
  ...{ layers: 2, heads: 2, channels: 16, context: 8, vocabularySize: 23 },
  ...{ dropout: 0, bias: true, tie: true },
};

/** A new model, the same at every call. */
export function tinyModel(device: Device, config: Partial<GptConfig> = {}): Gpt {
  return Gpt.create(device, { ...TINY, ...config }, { seed: 1 });
}

/** Text of which a model can learn something: each token mostly follows from the last. */
export function tinyTokens(length = 400): Uint16Array {
  return Uint16Array.from({ length }, (_, i) => (7 * i + (i >> 5)) % TINY.vocabularySize);
}

/** The rows of some batches in one. */
export function joined(batches: readonly Batch[]): Batch {
  return {
    index: 0,
    B: batches.reduce((sum, { B }) => sum + B, 0),
    T: batches[0].T,
    tokens: Uint32Array.from(batches.flatMap(({ tokens }) => [...tokens])),
    targets: Int32Array.from(batches.flatMap(({ targets }) => [...targets])),
  };
}
