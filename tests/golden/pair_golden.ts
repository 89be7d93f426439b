/** Reads what encoder_decoder.py wrote. */
import { type AnyBatch, SafetensorsFile, writeSafetensors } from "../../model/mod.ts";

/** Names of the golden cases. */
export const PAIR_GOLDENS = ["encoder_decoder", "encoder_decoder_deep"];

/** A golden case: a model, pairs and what PyTorch makes of them. */
export interface PairGolden extends Disposable {
  outputSize: number;
  smoothing: number;
  loss: number;
  gradientNorm: number;
  losses: number[];
  adamw: {
    learningRate: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    weightDecay: number;
    gradientClip: number;
  };
  /** Number of rows, and of decoder tokens of a row. */
  shape: [B: number, T: number];
  file: SafetensorsFile;
  /** The pairs with both sides padded to T tokens. */
  batch(T: number): AnyBatch;
  /** Writes the model as a folder of transformers. */
  writeFolder(folder: string): Promise<void>;
}

/** Opens a golden case; what PyTorch computed in float64 is what counts. */
export async function openPairGolden(name: string): Promise<PairGolden> {
  const base = new URL(name, import.meta.url).pathname;
  const json = JSON.parse(await Deno.readTextFile(`${base}.json`));
  const file = SafetensorsFile.open(`${base}.safetensors`);
  const { sources, tokens, targets, config, outputSize } = json as {
    sources: number[][];
    tokens: number[][];
    targets: number[][];
    config: Record<string, unknown>;
    outputSize: number;
  };
  const padded = (rows: number[][], T: number, fill: number) =>
    rows.flatMap((row) => [...row, ...new Array(T - row.length).fill(fill)]);
  return {
    ...json,
    loss: json.loss.float64,
    gradientNorm: json.gradientNorm.float64,
    losses: json.losses.float64,
    shape: [tokens.length, tokens[0].length],
    file,
    batch: (T) => ({
      ...{ index: 0, B: tokens.length, T },
      tokens: Uint32Array.from(padded(tokens, T, 0)),
      targets: Int32Array.from(padded(targets, T, -1)),
      rows: Int32Array.from(tokens, (_, b) => b),
      lengths: Uint32Array.from(targets, (row) => row.filter((id) => id >= 0).length),
      source: {
        tokens: Uint32Array.from(padded(sources, T, 0)),
        lengths: Uint32Array.from(sources, ({ length }) => length),
      },
    }),
    async writeFolder(folder) {
      const named = { ...config, quern: { outputSize } };
      await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(named));
      const weights = [...file.tensors].filter(([key]) => key.startsWith("weight."));
      await writeSafetensors(
        `${folder}/model.safetensors`,
        weights.map(([key, { shape }]) => ({
          name: key.slice("weight.".length),
          shape: [...shape],
          read: () => file.read(key),
        })),
      );
    },
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}
