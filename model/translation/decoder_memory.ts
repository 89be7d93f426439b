import { type Device, MOST_TOP, type Tensor } from "../../kernels/mod.ts";
import type { Affine } from "../gpt/mod.ts";
import {
  createSideActivations,
  type EncoderDecoder,
  type SideActivations,
} from "../encoder_decoder/mod.ts";

/** Shape of the texts that are translated together. */
export interface TranslationShape {
  /** Texts, B. */
  texts: number;
  /** Beams of a text; those of one are rows side by side, R = B·beams in all. */
  beams: number;
  /** Most tokens of a text, T. */
  context: number;
}

/** What a block of the decoder keeps of the tokens before, and of the source. */
export interface BlockCache {
  /**
   * Keys and values, [R·T + R, 2C]: those of each row, then the new ones. Two of them, since beams change
   * their places from step to step: one is read where the other is written.
   */
  own: [Tensor, Tensor];
  /** Keys and values of the source, [B·T, 2C]. */
  source: Tensor;
  /** Linear layers of its queries [C, C] and of its keys and values [C, 2C], cut out of one. */
  q: Affine;
  kv: Affine;
}

/** What translating a batch needs on the GPU, R rows of one token a step. */
export interface DecoderMemory extends Disposable {
  encoder: SideActivations;
  blocks: BlockCache[];
  /** Token and position of each row, u32 [R, 1], and keys that it sees, u32 [R]. */
  tokens: Tensor;
  positions: Tensor;
  lengths: Tensor;
  /** Rows of `own` that the next one's keys come from, u32 [R·T]. */
  from: Tensor;
  /** The residual stream and what blocks compute of it, [R, C] or [R, 4C]. */
  embedded: Tensor;
  x: Tensor;
  middle: Tensor;
  joined: Tensor;
  normed: Tensor;
  q: Tensor;
  attended: Tensor;
  wide: Tensor;
  active: Tensor;
  /** Scratch of attention, [R, NH, 1]. */
  lse: Tensor;
  /** [R, K]. */
  logits: Tensor;
  /** Which rows' likeliest tokens are wanted, u32 [R, 4]; those, and their log-probabilities, [R, 21]. */
  picks: Tensor;
  ids: Tensor;
  values: Tensor;
}

/** Allocates it. */
export async function createDecoderMemory(
  { device, config, weights }: EncoderDecoder,
  { texts: B, beams, context: T }: TranslationShape,
): Promise<DecoderMemory> {
  const { channels: C, heads, outputSize: K } = config;
  const R = B * beams;
  using stack = new DisposableStack();
  const tensor = (label: string, shape: number[], dtype: "f32" | "u32" = "f32") =>
    stack.use(device.tensor(label, shape, dtype));
  const columns = async (
    { weight, bias }: Affine,
    start: number,
    end: number,
  ): Promise<Affine> => ({
    weight: stack.use(await cut(device, weight, [start, end])),
    ...(bias && { bias: stack.use(await cut(device, bias, [start, end])) }),
  });
  const blocks: BlockCache[] = [];
  for (const { qkv } of weights.decoder.blocks) {
    const own = () => tensor("keys and values", [R * T + R, 2 * C]);
    blocks.push({
      own: [own(), own()],
      source: tensor("source keys and values", [B * T, 2 * C]),
      q: await columns(qkv, 0, C),
      kv: await columns(qkv, C, 3 * C),
    });
  }
  const encoder = stack.use(
    createSideActivations(device, config, "encoder", { B, T, training: false }),
  );
  const narrow = (label: string) => tensor(label, [R, C]);
  const memory = {
    ...{ encoder, blocks },
    tokens: tensor("tokens", [R, 1], "u32"),
    positions: tensor("positions", [R, 1], "u32"),
    lengths: tensor("lengths", [R], "u32"),
    from: tensor("from", [R * T], "u32"),
    ...{ embedded: narrow("embedded"), x: narrow("x"), middle: narrow("middle") },
    ...{ joined: narrow("joined"), normed: narrow("normed"), q: narrow("q") },
    attended: narrow("attended"),
    wide: tensor("wide", [R, 4 * C]),
    active: tensor("active", [R, 4 * C]),
    lse: tensor("lse", [R * heads]),
    logits: tensor("logits", [R, K]),
    picks: tensor("picks", [R, 4], "u32"),
    ids: tensor("ids", [R, 1 + MOST_TOP], "u32"),
    values: tensor("values", [R, 1 + MOST_TOP]),
  };
  const owned = stack.move();
  return { ...memory, [Symbol.dispose]: () => owned.dispose() };
}

/** A tensor of some columns of another. */
async function cut(
  device: Device,
  tensor: Tensor,
  [start, end]: [number, number],
): Promise<Tensor> {
  const width = tensor.shape.at(-1)!;
  const values = await tensor.read() as Float32Array;
  const rows = values.length / width;
  const part = new Float32Array(rows * (end - start));
  for (let i = 0; i < rows; i++) {
    part.set(values.subarray(i * width + start, i * width + end), i * (end - start));
  }
  const made = device.tensor(tensor.label, [...tensor.shape.slice(0, -1), end - start]);
  made.write(part);
  return made;
}
