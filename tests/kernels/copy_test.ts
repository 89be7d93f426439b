import { copy } from "../../kernels/copy/mod.ts";
import * as reference from "../../kernels/copy/reference.ts";
import { input, LADDER, output, testOp } from "./contract.ts";

testOp(
  "copy: equals the reference",
  copy,
  reference.copy,
  LADDER.map((n) => ({ label: `n = ${n}`, tensors: { x: input([n]), y: output([n]) } })),
);
