import { scale } from "../../kernels/scale/mod.ts";
import * as reference from "../../kernels/scale/reference.ts";
import { LADDER, testOp, update } from "./contract.ts";

testOp(
  "scale: equals the reference",
  scale,
  reference.scale,
  LADDER.map((n) => ({
    label: `n = ${n}`,
    tensors: { x: update([n]) },
    options: { factor: -1.5 },
  })),
);
