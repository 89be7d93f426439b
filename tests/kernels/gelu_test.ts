import { geluBackward, geluForward } from "../../kernels/gelu/mod.ts";
import * as reference from "../../kernels/gelu/reference.ts";
import { input, LADDER, output, testGradient, testOp } from "./contract.ts";

testGradient(
  "gelu reference: backward is the derivative of forward",
  reference.geluForward,
  reference.geluBackward,
  [
    { label: "n = 17", tensors: { x: input([17]), y: output([17]) } },
  ],
);

// From far below to far above the bend, where a careless tanh overflows.
const wide = (i: number) => [-1e20, -100, -5, -0.1, 0, 0.1, 5, 100, 1e20][i % 9];

testOp(
  "geluForward: equals the reference",
  geluForward,
  reference.geluForward,
  LADDER.map((n) => ({ label: `n = ${n}`, tensors: { x: input([n]), y: output([n]) } })).concat(
    { label: "extremes", tensors: { x: input([9], wide), y: output([9]) } },
  ),
);

testOp(
  "geluBackward: equals the reference",
  geluBackward,
  reference.geluBackward,
  LADDER.map((n) => ({
    label: `n = ${n}`,
    tensors: { x: input([n]), dy: input([n]), dx: output([n]) },
  })).concat({
    label: "extremes",
    tensors: { x: input([9], wide), dy: input([9]), dx: output([9]) },
  }),
);
