import {
  attentionForward,
  embeddingForward,
  gatherRows,
  layernormRowsForward,
  logProbabilities,
  matmul,
  type Pass,
  type Tensor,
} from "../../kernels/mod.ts";
import { embeddingOptions, type EncoderDecoder, sideForward } from "../encoder_decoder/mod.ts";
import { type Affine, type BlockStream, forwardBlocks, outputForward } from "../gpt/mod.ts";
import type { DecoderMemory, TranslationShape } from "./decoder_memory.ts";

/** Writes down the encoder's pass, and the keys and values that each block of the decoder sees of it. */
export function encodeSources(
  pass: Pass,
  { config, weights }: EncoderDecoder,
  m: DecoderMemory,
): void {
  sideForward(pass, config, weights.shared, weights.encoder, m.encoder);
  weights.decoder.blocks.forEach(({ cross }, l) => {
    linear(pass, cross!.kv, m.encoder.norm.y, m.blocks[l].source);
  });
}

/**
 * Writes down one step of the decoder: the tokens of all rows through its blocks, to the likeliest next
 * ones of each.
 *
 * @param turn which of the two memories of keys and values is read; the other one is written
 */
export function decodeStep(
  pass: Pass,
  { config, weights: { shared, decoder, head } }: EncoderDecoder,
  m: DecoderMemory,
  { texts: B, beams, context: T }: TranslationShape,
  turn: 0 | 1,
): void {
  const { channels: C, heads } = config;
  const R = B * beams;
  const { x, middle, joined, normed, attended, active } = m;
  const norm = ({ weight: gain, bias }: Affine, x: Tensor, { y }: { y: Tensor }) =>
    layernormRowsForward(pass, { x, gain, ...(bias && { bias }), y });
  const stream: BlockStream<{ y: Tensor }> = {
    ...{ x, middle, attended, active },
    ...{ norm1: { y: normed }, norm2: { y: normed }, cross: { norm: { y: normed }, joined } },
  };
  const rows = (tensor: Tensor) => tensor.view(0, [B, beams, C]);
  forwardBlocks(decoder, decoder.blocks.map(() => stream), x, {
    norm,
    embed(x) {
      const { tokens, positions, embedded } = m;
      const t = { tokens, positions, wte: shared, wpe: decoder.positions };
      embeddingForward(pass, { ...t, x: embedded.view(0, [R, 1, C]) }, embeddingOptions(config));
      norm(decoder.embeddingNorm, embedded, { y: x });
    },
    attend(l, _, x, y) {
      const { own, q, kv } = m.blocks[l];
      const [from, to] = [own[turn], own[1 - turn]];
      linear(pass, q, x, m.q);
      linear(pass, kv, x, from.view(R * T * 2 * C, [R, 2 * C]));
      gatherRows(pass, { x: from, rows: m.from, y: to.view(0, [R * T, 2 * C]) });
      attentionForward(
        pass,
        {
          q: m.q.view(0, [R, 1, C]),
          kv: to.view(0, [R, T, 2 * C]),
          y: y.view(0, [R, 1, C]),
          lse: m.lse.view(0, [R, heads, 1]),
          lengths: m.lengths,
        },
        { heads, causal: false },
      );
    },
    attendTo(l, weights, { x, stream, y }) {
      linear(pass, weights.q, x, m.q);
      attentionForward(
        pass,
        {
          q: rows(m.q),
          kv: m.blocks[l].source.view(0, [B, T, 2 * C]),
          y: rows(attended),
          lse: m.lse.view(0, [B, heads, beams]),
          lengths: m.encoder.lengths,
        },
        { heads, causal: false },
      );
      linear(pass, weights.projection, attended, y, { residual: stream });
    },
    join: (_, __, { weights, x, stream, y }) => linear(pass, weights, x, y, { residual: stream }),
    expand: (_, weights, x, y) => linear(pass, weights, x, m.wide, { activated: y }),
  });
  norm(decoder.norm, x, { y: normed });
  outputForward(pass, head, { x: normed, logits: m.logits });
  const { logits, picks, ids, values } = m;
  logProbabilities(pass, { logits, picks, tokens: m.tokens.view(0, [R]), ids, values });
}

/** y = x·w + b. */
function linear(
  pass: Pass,
  { weight, bias }: Affine,
  x: Tensor,
  y: Tensor,
  more: { residual?: Tensor; activated?: Tensor } = {},
): void {
  matmul(pass, { a: x, b: weight, y, bias, ...more }, { layout: "NN" });
}
