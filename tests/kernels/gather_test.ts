import { assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import { gatherRows, gatherRowsBackward } from "../../kernels/gather/mod.ts";
import * as reference from "../../kernels/gather/reference.ts";
import { accumulate, input, LADDER, output, testGradient, testOp } from "./contract.ts";

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

testGradient(
  "gatherRows reference: backward is the derivative of forward",
  reference.gatherRows,
  reference.gatherRowsBackward,
  [{
    label: "five of four rows",
    tensors: { x: input([4, 3]), rows: input([5], (i) => (3 * i) % 4, "u32"), y: output([5, 3]) },
    sizes: { C: 3 },
  }],
);

testOp(
  "gatherRowsBackward: equals the reference",
  gatherRowsBackward,
  reference.gatherRowsBackward,
  LADDER.flatMap((R) =>
    [9, 300].map((N) => ({
      label: `${R} rows of ${N}`,
      tensors: {
        dy: input([R, 33]),
        rows: input([R], (i) => (i * 7) % N, "u32"),
        dx: accumulate([N, 33]),
      },
      sizes: { C: 33 },
      tolerance: 5e-5,
    }))
  ),
);

Deno.test("gatherRowsBackward: shapes that do not fit are named", async () => {
  using device = await Device.open();
  using dy = device.tensor("dy", [3, 2]);
  using rows = device.tensor("rows", [2], "u32");
  assertThrows(
    () => gatherRowsBackward(new Pass(device), { dy, rows, dx: dy }),
    RangeError,
    "Cannot run gatherRowsBackward: dy must be [2,2], got [3,2]",
  );
});
