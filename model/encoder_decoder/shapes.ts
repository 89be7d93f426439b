import type { ParameterShape } from "../checkpoint/mod.ts";
import type { EncoderDecoderConfig } from "./config.ts";

/**
 * Parameters of an encoder–decoder in the order of the forward pass, as they lie on the GPU: linear
 * layers are [in, out], queries, keys and values side by side, as GPT-2 has them.
 */
export function encoderDecoderShapes(config: EncoderDecoderConfig): ParameterShape[] {
  const { channels: C, context, vocabularySize: V, tie } = config;
  const result: ParameterShape[] = [];
  const add = (name: string, ...shape: number[]) =>
    result.push({ name, shape, decayed: shape.length > 1 });
  const affine = (name: string, ...shape: number[]) => {
    add(`${name}.weight`, ...shape);
    add(`${name}.bias`, shape.at(-1)!);
  };
  add("shared.weight", V, C);
  for (const side of SIDES) {
    add(`${side}.positions.weight`, context + POSITION_OFFSET, C);
    affine(`${side}.embedding_norm`, C);
    for (let l = 0; l < layersOf(config, side); l++) {
      const block = `${side}.h.${l}`;
      affine(`${block}.norm1`, C);
      affine(`${block}.qkv`, C, 3 * C);
      affine(`${block}.projection`, C, C);
      if (side === "decoder") {
        affine(`${block}.cross.norm`, C);
        affine(`${block}.cross.q`, C, C);
        affine(`${block}.cross.kv`, C, 2 * C);
        affine(`${block}.cross.projection`, C, C);
      }
      affine(`${block}.norm2`, C);
      affine(`${block}.up`, C, 4 * C);
      affine(`${block}.down`, 4 * C, C);
    }
    affine(`${side}.norm`, C);
  }
  if (!tie) add("head.weight", V, C);
  return result;
}

/** The two stacks of blocks. */
export const SIDES = ["encoder", "decoder"] as const;

/** One of the two stacks. */
export type Side = typeof SIDES[number];

/** Blocks of a side. */
export function layersOf(config: EncoderDecoderConfig, side: Side): number {
  return side === "encoder" ? config.encoderLayers : config.decoderLayers;
}

/** Row of the position embeddings that position 0 has, as BART and MBart have it. */
export const POSITION_OFFSET = 2;
