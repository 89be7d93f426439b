import { assert, assertEquals, assertThrows } from "@std/assert";
import { Device, matmul, Pass } from "../../kernels/mod.ts";
import { matmulProblem } from "../../kernels/matmul/problem.ts";
import * as reference from "../../kernels/matmul/reference.ts";
import {
  fewRows,
  MATMUL_VARIANTS,
  type MatmulVariant,
  plain,
  split,
  texture,
  tile,
} from "../../kernels/matmul/variants.ts";
import { accumulate, input, normal, output, testGradient, testOp } from "./contract.ts";
import { MATMUL_CASES, type MatmulCase, testVariant } from "./matmul_cases.ts";

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

/** A part of the cases, spread over all of them. */
const every = (nth: number) => MATMUL_CASES.filter((_, i) => i % nth === 0);

// Small tiles run all of a shader in a fraction of the time that it takes to compile those that are
// used; these are tried in a part of the cases, and in all of them by matmul_soak.ts.
for (const variant of [plain, texture]) {
  testVariant(variant({ rows: 4, columns: 4 }), every(2));
  testVariant(variant({ rows: 8, columns: 16 }), every(7));
}
testVariant(plain({ rows: 4, columns: 8, lanes: { columns: 1, rows: 8 } }), every(5));
testVariant(plain({ rows: 8, columns: 4, lanes: { columns: 8, rows: 1 } }), every(5));
for (const rows of [1, 2, 4]) testVariant(fewRows({ rows, lanes: 64, slices: 1 }));
testVariant(fewRows({ rows: 4, lanes: 8, slices: 2, slice: 16 }));

const SMALL = { rows: 16, columns: 16, depth: 4, threadRows: 4, threadColumns: 4 };
testVariant(tile(SMALL), every(3));
testVariant(tile({ ...SMALL, slice: 8 }), every(5));
testVariant(split({ ...SMALL, slice: 32 }), every(5));
testVariant(
  tile({ rows: 32, columns: 16, depth: 8, threadRows: 8, threadColumns: 4 }),
  every(29),
);

Deno.test("matmul: a row has the same bits for any number of rows, in all variants of an order", async () => {
  using device = await Device.open();
  const [most, K, N] = [256, 128, 64];
  const next = normal();
  const numbers = (n: number) => Float32Array.from({ length: n }, () => next());
  for (const layout of ["NN", "NT"] as const) {
    using a = device.tensor("a", [most, K]);
    using b = device.tensor("b", layout === "NN" ? [K, N] : [N, K]);
    a.write(numbers(a.size));
    b.write(numbers(b.size));
    const rows = async (variant: MatmulVariant, M: number) => {
      using y = device.tensor("y", [M, N]);
      const problem = matmulProblem({ a: a.view(0, [M, K]), b, y }, { layout });
      if (!variant.fits(problem)) return undefined;
      using recording = await device.record("rows", (pass) => variant.launch(pass, problem));
      recording.run();
      return new Uint32Array((await device.read([y]))[0]);
    };
    const sliced = [
      tile({ ...SMALL, slice: 64 }),
      split({ ...SMALL, slice: 64 }),
      ...[1, 8].map((rows) => fewRows({ rows, lanes: 8, slices: 2, slice: 64 })),
    ];
    const oneSum = MATMUL_VARIANTS.filter(({ order, barriers }) => order === "k" && !barriers);
    for (const variants of [[...oneSum, tile(SMALL)], sliced]) {
      const all = await rows(variants[0], most);
      let compared = 0;
      for (const M of [1, 8, 33, 256]) {
        for (const variant of variants) {
          const found = await rows(variant, M);
          if (!found) continue;
          assertEquals(found, all!.subarray(0, M * N), `${layout} ${variant.name}, M = ${M}`);
          compared++;
        }
      }
      assert(compared >= 9, `only ${compared} compared`);
    }
  }
});

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
] as MatmulCase[]);

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

Deno.test("matmul: what goes with a product is checked", async () => {
  using device = await Device.open();
  using a = device.tensor("a", [4, 8]);
  using b = device.tensor("b", [8, 4]);
  using y = device.tensor("y", [4, 4]);
  using bias = device.tensor("bias", [3]);
  const refused = (more: Record<string, unknown>, message: string) =>
    assertThrows(
      () => matmul(new Pass(device), { a, b, y, ...more }, { layout: "NN" }),
      RangeError,
      `Cannot multiply a [4,8] by b [8,4] in layout NN into y [4,4]: ${message}`,
    );
  refused({ bias }, "bias must be [4], got [3]");
  refused({ residual: a }, "residual must be [4,4], got [4,8]");
  refused(
    { before: y, residual: y },
    "before goes with no bias, residual, activated or accumulate",
  );
});
