import { assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import { poolRows } from "../../kernels/pool_rows/mod.ts";
import * as reference from "../../kernels/pool_rows/reference.ts";
import { accumulate, input, LADDER, testOp } from "./contract.ts";

testOp(
  "poolRows: equals the reference",
  poolRows,
  reference.poolRows,
  [
    ...LADDER.map((rows) => ({ N: 257, rows, C: 6 })),
    ...LADDER.map((C) => ({ N: 9, rows: 8, C })),
  ].map(({ N, rows, C }) => ({
    label: `${rows} of ${N} x ${C}`,
    tensors: {
      x: input([N, C]),
      rows: input([N, 4], (i) => (i >> 2) % 5, "u32"),
      sums: accumulate([5, C]),
    },
    options: { rows },
    sizes: { M: rows, C },
    tolerance: 5e-5,
  })),
);

Deno.test("poolRows: shapes that do not fit are named", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [3, 2]);
  using rows = device.tensor("rows", [2, 4], "u32");
  using sums = device.tensor("sums", [1, 2]);
  assertThrows(
    () => poolRows(new Pass(device), { x, rows, sums }),
    RangeError,
    "Cannot run poolRows: 3 rows wanted, 2 given",
  );
});
