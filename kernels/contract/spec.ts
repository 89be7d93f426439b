import type { DType } from "../gpu/mod.ts";

/** What a case says of one tensor. */
export interface Spec {
  /** Its sizes. */
  shape: number[];
  /** What the op does with it; a `saved` result is no part of what gradients are taken of. */
  role: "input" | "output" | "saved" | "accumulate" | "update" | "scratch";
  /** Type of its elements. */
  dtype: DType;
  /** Element i of the tensor before the op. */
  value: (i: number) => number;
  /** Whether the op gets it in a texture. @default false */
  texels?: boolean;
}

/** Numbers of a tensor on the host, where a reference works on them. */
export type HostData = Float64Array | Uint32Array | Int32Array;

/** One set of sizes, values and options to try an op with. */
export interface OpCase<O = unknown> {
  /** Names it in messages. */
  label: string;
  /** The op's tensors by name. */
  tensors: Record<string, Spec>;
  /** Options of the op. */
  options?: O;
  /** Sizes for the reference, which sees flat arrays. */
  sizes?: Record<string, unknown>;
  /** Allowed |gpu − reference|, relative to the larger of 1 and |reference|. @default 2e-5 */
  tolerance?: number;
  /** Whether the reference leaves NaN where it computed nothing. @default false */
  sampled?: boolean;
}

/** A tensor the op reads; normal random values unless `value` says otherwise. */
export function input(shape: number[], value?: (i: number) => number, dtype: DType = "f32"): Spec {
  return { shape, role: "input", dtype, value: value ?? normal() };
}

/** A tensor the op overwrites: filled with NaN before. */
export function output(shape: number[], role: "output" | "saved" = "output"): Spec {
  return { shape, role, dtype: "f32", value: () => NaN };
}

/** A tensor the op adds to. */
export function accumulate(shape: number[]): Spec {
  return { shape, role: "accumulate", dtype: "f32", value: normal() };
}

/** A tensor the op reads and changes. */
export function update(
  shape: number[],
  value?: (i: number) => number,
  dtype: DType = "f32",
): Spec {
  return { shape, role: "update", dtype, value: value ?? normal() };
}

/** A tensor the op works in; what it leaves there does not matter. */
export function scratch(shape: number[], dtype: DType = "f32"): Spec {
  return { shape, role: "scratch", dtype, value: dtype === "f32" ? () => NaN : () => 0 };
}

/** The same tensor in a texture. */
export function inTexture(spec: Spec): Spec {
  return { ...spec, texels: true };
}

/** Normal random numbers, the same at every run. */
export function normal(seed = 1): () => number {
  const uniform = random(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Random numbers in [0, 1), the same at every run (Lehmer, Park & Miller 1988). */
export function random(seed = 1): () => number {
  let state = (seed * 48271 + 11) % 2147483647;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** The numbers of a tensor as a reference takes them: an f32, or f16, as the float64 of its nearest one. */
export function hostData(dtype: DType, data: ArrayLike<number>): HostData {
  if (dtype === "f32" || dtype === "f16") return new Float64Array(data);
  return dtype === "u32" ? new Uint32Array(data) : new Int32Array(data);
}
