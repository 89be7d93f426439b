import { assertThrows } from "@std/assert";
import {
  Device,
  matmul,
  type MatmulOptions,
  type MatmulTensors,
  Pass,
  sizeOf,
  type Tensor,
} from "../../kernels/mod.ts";
import { matmulProblem } from "../../kernels/matmul/problem.ts";
import { MATMUL_VARIANTS, type MatmulVariant } from "../../kernels/matmul/variants.ts";
import * as reference from "../../kernels/matmul/reference.ts";
import {
  accumulate,
  input,
  LADDER,
  type OpCase,
  output,
  type Spec,
  testGradient,
  testOp,
} from "./contract.ts";

testGradient(
  "matmul reference: NT and TN are the derivatives of NN",
  reference.matmul,
  reference.matmulBackward,
  [{
    label: "3x4x5",
    tensors: { a: input([3, 4]), b: input([4, 5]), y: output([3, 5]) },
    sizes: { layout: "NN", M: 3, K: 4, N: 5 },
  }],
);

type Case = OpCase<MatmulOptions>;

function product(
  layout: MatmulOptions["layout"],
  [M, K, N]: number[],
  more: { bias?: boolean; accumulate?: boolean } = {},
): Case {
  return {
    label: `${layout} ${M}x${K}x${N}${more.bias ? " bias" : ""}${
      more.accumulate ? " accumulate" : ""
    }`,
    tensors: {
      a: input(layout === "TN" ? [K, M] : [M, K]),
      b: input(layout === "NT" ? [N, K] : [K, N]),
      ...(more.bias ? { bias: input([N]) } : {}),
      y: more.accumulate ? accumulate([M, N]) : output([M, N]),
    },
    options: { layout, ...(more.accumulate ? { accumulate: true } : {}) },
    sizes: { M, K, N },
    tolerance: 5e-5,
  };
}

// Every size of the ladder in every place, and those of whole, ragged and wide vec4 tiles.
const shapes = [
  ...LADDER.flatMap((n) => [[n, 33, 20], [20, n, 33], [33, 20, n]]),
  ...[[8, 8, 128], [32, 4, 128], [33, 8, 132], [4, 128, 4], [1, 4, 4], [1, 1, 1], [100, 64, 260]],
];

/** Every size of the ladder where operands are copied to textures: 64 must divide their columns. */
const textureShapes = LADDER.flatMap((n) => [[n, 64, 64], [64, n, 192], [64, 128, n], [n, n, 64]]);

const LAYOUTS = ["NN", "NT", "TN"] as const;

for (const variant of MATMUL_VARIANTS) {
  /** The op as this variant computes it, where it can. */
  const op = (pass: Pass, tensors: MatmulTensors, options: MatmulOptions) =>
    variant.launch(pass, matmulProblem(tensors, options));
  const cases = LAYOUTS.flatMap((layout) =>
    [
      ...[...shapes, ...textureShapes, [3, 1100, 70], [5, 260, 65], [8, 96, 4], [2, 2100, 5]]
        .map((shape) => product(layout, shape)),
      ...[64, 63].flatMap((n) => [
        product(layout, [65, 64, n], { bias: true }),
        product(layout, [64, 64, n], { accumulate: true, bias: true }),
        product(layout, [4, 64, n], { accumulate: true, bias: true }),
      ]),
      product(layout, [256, 64, 192], { accumulate: true }),
      product(layout, [8, 64, 192], { accumulate: true }),
    ].filter(fitting(variant))
  );
  testOp(
    `matmul ${variant.name}: equals the reference at ragged sizes`,
    op,
    reference.matmul,
    cases,
  );
}

/** Whether a variant can compute a case, by what it says of tensors of these shapes. */
function fitting(variant: MatmulVariant): (one: Case) => boolean {
  const limits = { maxTextureDimension2D: 8192, maxComputeInvocationsPerWorkgroup: 256 };
  const device = { maxBindingBytes: 2 ** 27, gpu: { limits } };
  const tensor = ({ shape }: Spec) => ({ shape, size: sizeOf(shape), device }) as unknown as Tensor;
  return ({ tensors: { a, b, y, bias }, options }) =>
    variant.fits(
      matmulProblem(
        { a: tensor(a), b: tensor(b), y: tensor(y), bias: bias && tensor(bias) },
        options!,
      ),
    );
}

testOp("matmul: a batch, shared operands and parts of columns", matmul, reference.matmul, [
  {
    label: "batch of 3, b shared",
    tensors: { a: input([3, 5, 8]), b: input([8, 4]), y: output([3, 5, 4]) },
    options: { layout: "NN" },
    sizes: { M: 5, K: 8, N: 4, batch: 3, batchOfA: 1 },
  },
  {
    label: "batch of 3, both",
    tensors: { a: input([3, 5, 7]), b: input([3, 6, 7]), y: output([3, 5, 6]) },
    options: { layout: "NT" },
    sizes: { M: 5, K: 7, N: 6, batch: 3, batchOfA: 1, batchOfB: 1 },
  },
  {
    label: "columns 4 to 12 of a",
    tensors: { a: input([5, 16]), b: input([8, 9]), y: output([5, 9]) },
    options: { layout: "NN", columnsOfA: [4, 12] },
    sizes: { M: 5, K: 8, N: 9 },
  },
  {
    label: "columns 3 to 12 of y",
    tensors: { a: input([5, 8]), b: input([9, 8]), y: accumulate([5, 16]) },
    options: { layout: "NT", columnsOfY: [3, 12], accumulate: true },
    sizes: { M: 5, K: 8, N: 9 },
  },
] as Case[]);

Deno.test("matmul: sizes that do not fit are named", async () => {
  using device = await Device.open();
  using a = device.tensor("a", [4, 8]);
  using b = device.tensor("b", [16, 4]);
  using y = device.tensor("y", [4, 4]);
  assertThrows(
    () => matmul(new Pass(device), { a, b, y }, { layout: "NN" }),
    RangeError,
    "Cannot multiply a [4,8] by b [16,4] in layout NN into y [4,4]: inner sizes must match, got 8 and 16",
  );
});
