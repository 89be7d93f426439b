/** A small encoder–decoder whose translations depend on the text, for tests. */
import type { Device } from "../../../kernels/mod.ts";
import { EncoderDecoder, type EncoderDecoderConfig } from "../../../model/mod.ts";

/** Its shape. */
export const CONFIG: EncoderDecoderConfig = {
  ...{ encoderLayers: 2, decoderLayers: 2, heads: 2, channels: 64, context: 12 },
  ...{ vocabularySize: 90, outputSize: 64, dropout: 0, tie: true, scaleEmbedding: true },
  ...{ padId: 0, startId: 1, endId: 2 },
};

/** Texts of several lengths. */
export const SOURCES = [[5, 80, 7, 2], [30, 2], [9, 9, 41, 60, 77, 13, 8, 2], [2], [6, 7, 88, 2]]
  .map((ids) => Uint32Array.from(ids));

/** A model whose translations depend on the source: its layers are wider than those of a new one. */
export async function modelOf(device: Device, seed: number): Promise<EncoderDecoder> {
  const model = EncoderDecoder.create(device, CONFIG, { seed });
  for (const [name, tensor] of model.parameters.tensors) {
    if (!/[.]h[.].*[.]weight$/.test(name) || tensor.shape.length < 2) continue;
    const values = await tensor.read() as Float32Array<ArrayBuffer>;
    tensor.write(values.map((value) => 3 * value));
  }
  return model;
}
