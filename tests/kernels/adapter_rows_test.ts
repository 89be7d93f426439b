import { assertThrows } from "@std/assert";
import { adapterRowsForward } from "../../kernels/adapter_rows/mod.ts";
import * as reference from "../../kernels/adapter_rows/reference.ts";
import { Device, Pass } from "../../kernels/mod.ts";
import { accumulate, input, LADDER, normal, scratch, testOp, update } from "./contract.ts";

const SLOTS = 5;

testOp(
  "adapterRowsForward: equals the reference",
  adapterRowsForward,
  reference.adapterRowsForward,
  [
    ...LADDER.flatMap((n) => [
      { held: n, M: n, K: 20, N: 12, R: 3, S: 4 },
      { held: 9, M: 7, K: n, N: 8, R: 8, S: 2 },
      { held: 9, M: 9, K: 8, N: n, R: 2, S: 3 },
    ]),
    { held: 33, M: 17, K: 64, N: 192, R: 64, S: 1 },
  ].flatMap(({ held, M, K, N, R, S }) =>
    [false, true].map((adds) => ({
      label: `${M} of ${held} x ${K} x ${N}, rank ${R}, ${S} adapters${adds ? ", adds" : ""}`,
      tensors: {
        x: input([held, K]),
        rows: input([held, 4], (i) => (i >> 2) * 3 % SLOTS, "u32"),
        adapters: input([SLOTS], (slot) => slot === 2 ? S : slot % S, "u32"),
        a: input([S, R, K], normal(3)),
        b: input([S, N, R], normal(5)),
        low: scratch([held, R]),
        y: adds ? accumulate([held, N]) : update([held, N]),
      },
      options: { rows: M, accumulate: adds },
      sizes: { M, K, N, R, S },
      tolerance: 2e-4,
    }))
  ),
);

Deno.test("adapterRowsForward: shapes that do not fit are named", async () => {
  using device = await Device.open();
  const tensor = (...shape: number[]) => device.tensor("t", shape);
  const t = {
    ...{ x: tensor(4, 6), rows: device.tensor("rows", [4, 4], "u32"), a: tensor(2, 3, 6) },
    ...{ adapters: device.tensor("adapters", [1], "u32"), b: tensor(2, 5, 3) },
    ...{ low: tensor(4, 3), y: tensor(4, 5) },
  };
  const refused = (change: Partial<typeof t>, message: string, rows?: number) =>
    assertThrows(
      () => adapterRowsForward(new Pass(device), { ...t, ...change }, { rows }),
      RangeError,
      message,
    );
  refused({ b: tensor(2, 4, 3) }, "b must be [2,5,3], got [2,4,3]");
  refused({ low: tensor(3, 3) }, "4 rows wanted, 3 given");
  refused({}, "5 rows wanted, 4 given", 5);
});
