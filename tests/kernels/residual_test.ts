import { residualForward } from "../../kernels/residual/mod.ts";
import * as reference from "../../kernels/residual/reference.ts";
import { keepFactor } from "../../kernels/random/reference.ts";
import { input, LADDER, output, testOp } from "./contract.ts";

testOp(
  "residualForward: equals the reference",
  residualForward,
  reference.residualForward,
  LADDER.flatMap((n) => [
    { label: `n = ${n}`, tensors: { a: input([n]), b: input([n]), y: output([n]) } },
    {
      label: `n = ${n}, dropout`,
      tensors: {
        ...{ a: input([n]), b: input([n]), y: output([n]) },
        clock: input([2], (i) => [7, 3][i], "u32"),
      },
      options: { dropout: 0.3, layer: 5 },
      sizes: {
        keep: (element: number) => keepFactor({ seed: 7, step: 3, layer: 5, rate: 0.3 }, element),
      },
    },
  ]),
);
