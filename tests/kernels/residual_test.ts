import { residualForward } from "../../kernels/residual/mod.ts";
import * as reference from "../../kernels/residual/reference.ts";
import { input, LADDER, output, testOp } from "./contract.ts";

testOp(
  "residualForward: equals the reference",
  residualForward,
  reference.residualForward,
  LADDER.map((n) => ({
    label: `n = ${n}`,
    tensors: { a: input([n]), b: input([n]), y: output([n]) },
  })),
);
