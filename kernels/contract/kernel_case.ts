import type { Pass } from "../gpu/mod.ts";
import type { OpCase } from "./spec.ts";

/** Sizes of a model as its ops meet them. */
export interface ModelSizes {
  /** Rows of a batch. */
  B: number;
  /** Tokens of a row. */
  T: number;
  /** Width of the residual stream. */
  C: number;
  /** Attention heads; divides C. */
  heads: number;
  /** Tokens of the vocabulary. */
  V: number;
}

/** An op with its tensors by name. */
// deno-lint-ignore no-explicit-any -- ops and references name their tensors each in its own way
export type Op = (pass: Pass, tensors: any, options: any) => void;

/** A reference; it gets sizes and options together. */
// deno-lint-ignore no-explicit-any
export type Reference = (tensors: any, sizesAndOptions: any) => void;

/** A case with what is needed to run, check and time it. */
export interface KernelCase extends OpCase {
  op: Op;
  reference: Reference;
  /** Floating-point operations. @default 0: its speed is that of the memory */
  operations?: number;
  /** Bytes that it must move at least. @default those of its tensors */
  bytes?: number;
}

/** An op at a model's sizes. */
export interface KernelCaseMaker {
  /** Op and part of the model, such as `matmul up forward`. */
  name: string;
  /** The case at these sizes. */
  at(sizes: ModelSizes): Omit<KernelCase, "label">;
}

/** A weight's part of a model: columns in and out. */
export const LAYERS = {
  qkv: ({ C }: ModelSizes): [number, number] => [C, 3 * C],
  projection: ({ C }: ModelSizes): [number, number] => [C, C],
  up: ({ C }: ModelSizes): [number, number] => [C, 4 * C],
  down: ({ C }: ModelSizes): [number, number] => [4 * C, C],
};
