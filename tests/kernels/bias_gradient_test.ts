import { biasGradient, biasGradientPartialShape } from "../../kernels/bias_gradient/mod.ts";
import * as reference from "../../kernels/bias_gradient/reference.ts";
import { accumulate, input, LADDER, type OpCase, scratch, testOp } from "./contract.ts";

const sizes = LADDER.flatMap((n) => [[n, 20], [33, n], [n, n]]);

testOp(
  "biasGradient: equals the reference",
  biasGradient,
  reference.biasGradient,
  sizes.map(([N, C]): OpCase<void> => ({
    label: `N = ${N}, C = ${C}`,
    tensors: {
      dy: input([N, C]),
      dbias: accumulate([C]),
      partial: scratch(biasGradientPartialShape([N, C])),
    },
  })),
);
