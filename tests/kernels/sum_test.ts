import { assertAlmostEquals, assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import { accumulateSum } from "../../kernels/sum/mod.ts";
import * as reference from "../../kernels/sum/reference.ts";
import { accumulate, input, LADDER, testOp } from "./contract.ts";

testOp(
  "accumulateSum: equals the reference",
  accumulateSum,
  reference.accumulateSum,
  [...LADDER, 256, 100_003].map((n, i) => ({
    label: `n = ${n}`,
    tensors: {
      x: input([n]),
      total: accumulate([9]),
      slot: input([1], () => i, "u32"),
    },
  })),
);

Deno.test("accumulateSum: millions of elements lose no digits", async () => {
  using device = await Device.open();
  const n = 3_000_000;
  using x = device.tensor("x", [n]);
  using total = device.tensor("total", [1]);
  using slot = device.tensor("slot", [1], "u32");
  const values = Float32Array.from({ length: n }, (_, i) => 10 + (i % 1000) / 1000);
  x.write(values);
  using sum = await device.record("sum", (pass) => accumulateSum(pass, { x, total, slot }));
  sum.run();
  const expected = values.reduce((a, v) => a + v, 0);
  assertAlmostEquals((await total.read())[0] / expected, 1, 5e-7);
});

Deno.test("accumulateSum: a slot of another shape is refused", async () => {
  using device = await Device.open();
  using x = device.tensor("x", [3]);
  using total = device.tensor("total", [4]);
  using slot = device.tensor("slot", [2], "u32");
  assertThrows(
    () => accumulateSum(new Pass(device), { x, total, slot }),
    RangeError,
    "Cannot run accumulateSum: slot must be [1], got [2]",
  );
});
