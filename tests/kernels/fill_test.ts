import { fill } from "../../kernels/fill/mod.ts";
import * as reference from "../../kernels/fill/reference.ts";
import { LADDER, output, testOp } from "./contract.ts";

testOp(
  "fill: equals the reference",
  fill,
  reference.fill,
  LADDER.map((n) => ({ label: `n = ${n}`, tensors: { x: output([n]) }, options: { value: -1.5 } })),
);
