import { fitting, type Pass, type Question } from "../gpu/mod.ts";
import {
  type MatmulOptions,
  type MatmulProblem,
  matmulProblem,
  type MatmulTensors,
} from "./problem.ts";
import { extras } from "./parts.wgsl.ts";
import { MATMUL_VARIANTS, type MatmulVariant, variantsFor } from "./variants.ts";

export type { Layout, MatmulOptions, MatmulTensors } from "./problem.ts";

/**
 * Matrix product: y = a·b (+ bias), or y += a·b (+ bias), in float32; then + residual, GELU beside it,
 * or times GELU′ where those tensors are given.
 *
 * The three layouts are the three products of a linear layer y = x·w: forward NN, dx = dy·wᵀ NT,
 * dw = xᵀ·dy TN. Where a or b has a leading batch dimension so has y; one without is shared by all
 * matrices of the batch. An element of y is summed over k in an order that does not depend on the
 * number of rows; the device's choices say by which variant.
 *
 * @example
 * ```ts
 * import { Device, matmul } from "@quern/quern";
 *
 * using device = await Device.open();
 * using a = device.tensor("a", [1, 2]);
 * using b = device.tensor("b", [2, 2]);
 * using y = device.tensor("y", [1, 2]);
 * a.write(Float32Array.of(1, 2));
 * b.write(Float32Array.of(1, 2, 3, 4));
 * using product = await device.record("product", (pass) => matmul(pass, { a, b, y }, { layout: "NN" }));
 * product.run();
 * console.log(await y.read()); // Float32Array(2) [ 7, 10 ]
 * ```
 * @throws {RangeError} if the sizes do not fit each other
 */
export function matmul(pass: Pass, t: MatmulTensors, options: MatmulOptions): void {
  const problem = matmulProblem(t, options);
  pass.device.choices.pick(question(problem)).launch(pass, problem);
}

/** What has to be chosen for a product. */
function question(problem: MatmulProblem): Question<MatmulVariant> {
  const { tensors, sizes: { M, N, K }, form, batch } = problem;
  const { layout, accumulate } = form;
  return {
    group: ["matmul", layout, `${K}x${N}`, ...(accumulate ? ["accumulate"] : []), ...extras(form)]
      .join(" "),
    rows: M * batch,
    variants: fitting(tensors.a.device, variantsFor(problem), (variant) => variant.fits(problem)),
    plain: MATMUL_VARIANTS[0],
    trial: {
      tensors: { ...tensors },
      results: form.activated ? ["y", "activated"] : ["y"],
      operations: 2 * M * N * K * batch,
      run: (pass, { a, b, y, ...rest }, variant) =>
        variant.launch(pass, { ...problem, tensors: { a, b, y, ...rest } }),
    },
  };
}
