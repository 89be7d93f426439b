import { type MatmulOptions, type Pass, sizeOf, type Tensor } from "../../kernels/mod.ts";
import type { MatmulTensors } from "../../kernels/mod.ts";
import { matmulProblem } from "../../kernels/matmul/problem.ts";
import * as reference from "../../kernels/matmul/reference.ts";
import type { MatmulVariant } from "../../kernels/matmul/variants.ts";
import { accumulate, input, LADDER, type OpCase, output, type Spec, testOp } from "./contract.ts";

/** A product to try. */
export type MatmulCase = OpCase<MatmulOptions>;

/** What goes with a product. */
export type Extra = "bias" | "accumulate" | "residual" | "activated" | "before";

/** A product of [M, K] by [K, N], as the layout lays them down. */
export function product(
  layout: MatmulOptions["layout"],
  [M, K, N]: number[],
  extras: Extra[] = [],
): MatmulCase {
  const has = (extra: Extra) => extras.includes(extra);
  return {
    label: [layout, `${M}x${K}x${N}`, ...extras].join(" "),
    tensors: {
      a: input(layout === "TN" ? [K, M] : [M, K]),
      b: input(layout === "NT" ? [N, K] : [K, N]),
      ...(has("bias") ? { bias: input([N]) } : {}),
      ...(has("residual") ? { residual: input([M, N]) } : {}),
      ...(has("before") ? { before: input([M, N]) } : {}),
      ...(has("activated") ? { activated: output([M, N]) } : {}),
      y: has("accumulate") ? accumulate([M, N]) : output([M, N]),
    },
    options: { layout, ...(has("accumulate") ? { accumulate: true } : {}) },
    sizes: { M, K, N },
    tolerance: 1e-4,
  };
}

const LAYOUTS = ["NN", "NT", "TN"] as const;

/** Every size of the ladder in every place; whole, ragged and wide tiles; long and split sums. */
const SHAPES = [
  ...LADDER.flatMap((n) => [[n, 33, 20], [20, n, 33], [33, 20, n]]),
  ...[[8, 8, 128], [32, 4, 128], [33, 8, 132], [4, 128, 4], [1, 4, 4], [1, 1, 1], [100, 64, 260]],
  // Operands are copied to textures where 64 divides their columns.
  ...LADDER.flatMap((n) => [[n, 64, 64], [64, n, 192], [64, 128, n], [n, n, 64]]),
  ...[[3, 1100, 70], [5, 260, 65], [8, 96, 4], [2, 2100, 5]],
];

const EXTRAS: [shape: number[], extras: Extra[]][] = [64, 63, 20].flatMap((n) => [
  [[65, 64, n], ["bias"]],
  [[64, 64, n], ["accumulate", "bias"]],
  [[4, 64, n], ["bias", "residual"]],
  [[33, 64, n], ["bias", "activated"]],
  [[64, 20, n], ["before"]],
]);

/** Every case that the contract tries. */
export const MATMUL_CASES: MatmulCase[] = LAYOUTS.flatMap((layout) => [
  ...SHAPES.map((shape) => product(layout, shape)),
  ...EXTRAS.map(([shape, extras]) => product(layout, shape, extras)),
  product(layout, [256, 64, 192], ["accumulate"]),
]);

/** Registers a test that a variant equals the reference in all cases that it can compute. */
export function testVariant(variant: MatmulVariant, cases: MatmulCase[] = MATMUL_CASES): void {
  testOp(
    `matmul ${variant.name}: equals the reference`,
    asVariant(variant),
    reference.matmul,
    cases.filter(fitting(variant)),
  );
}

/** The op as a variant computes it. */
export function asVariant(variant: MatmulVariant) {
  return (pass: Pass, tensors: MatmulTensors, options: MatmulOptions) =>
    variant.launch(pass, matmulProblem(tensors, options));
}

/** Whether a variant can compute a case, by what it says of tensors of these shapes. */
function fitting(variant: MatmulVariant): (one: MatmulCase) => boolean {
  const limits = { maxTextureDimension2D: 8192, maxComputeInvocationsPerWorkgroup: 256 };
  const device = { maxBindingBytes: 2 ** 27, gpu: { limits } };
  const tensor = (spec: Spec | undefined) =>
    spec && { ...spec, size: sizeOf(spec.shape), device } as unknown as Tensor;
  return ({ tensors, options }) => {
    const [a, b, y] = [tensors.a, tensors.b, tensors.y].map((spec) => tensor(spec)!);
    return variant.fits(matmulProblem({ a, b, y }, options!));
  };
}
