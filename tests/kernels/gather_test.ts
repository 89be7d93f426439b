import { gatherRows } from "../../kernels/gather/mod.ts";
import * as reference from "../../kernels/gather/reference.ts";
import { input, LADDER, output, testOp } from "./contract.ts";

testOp(
  "gatherRows: equals the reference",
  gatherRows,
  reference.gatherRows,
  LADDER.flatMap((R) =>
    LADDER.map((C) => ({
      label: `R = ${R}, C = ${C}`,
      tensors: { x: input([9, C]), rows: input([R], (i) => (i * 7) % 9, "u32"), y: output([R, C]) },
      sizes: { C },
    }))
  ),
);
