import { assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import { adjustLogits } from "../../kernels/adjust_logits/mod.ts";
import * as reference from "../../kernels/adjust_logits/reference.ts";
import { input, LADDER, normal, testOp, update } from "./contract.ts";

const bits = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0];
const penalties = [0.5, 0.25, 1.3].map(bits);

testOp(
  "adjustLogits: equals the reference",
  adjustLogits,
  reference.adjustLogits,
  [
    ...LADDER.map((V) => ({ R: 9, rows: 9, V })),
    ...LADDER.map((rows) => ({ R: 257, rows, V: 7 })),
    { R: 8, rows: 8, V: 50_257 },
  ].map(({ R, rows, V }) => {
    const slots = 9;
    return {
      label: `${rows} of ${R} rows, V = ${V}`,
      tensors: {
        logits: input([R, V]),
        picks: input([R, 4], (i) => (i >> 2) % slots, "u32"),
        // Each slot has another choice of adjustments.
        settings: input([slots, 12], (i) => {
          const own = [0, 0, 0, 0, 0, 0, Math.floor(i / 12) % 8, 0, ...penalties, 0];
          return own[i % 12];
        }, "u32"),
        counts: input([slots, V], (i) => [0, 1, 3, 2 ** 31, 2 ** 31 + 2][i % 5], "u32"),
        bias: input([slots, V], normal(5)),
        masks: input([slots, Math.ceil(V / 32)], (i) => (i * 2654435761) % 2 ** 32, "u32"),
        y: update([R, V]),
      },
      options: { rows },
      sizes: { R: rows, V },
    };
  }),
);

Deno.test("adjustLogits: shapes that do not fit are named", async () => {
  using device = await Device.open();
  const made = (shape: number[], dtype: "f32" | "u32" = "u32") => device.tensor("t", shape, dtype);
  const t = {
    logits: made([2, 33], "f32"),
    picks: made([2, 4]),
    settings: made([1, 12]),
    counts: made([1, 33]),
    bias: made([1, 33], "f32"),
    masks: made([1, 1]),
    y: made([3, 33], "f32"),
  };
  const fails = (given: typeof t, message: string) =>
    assertThrows(() => adjustLogits(new Pass(device), given), RangeError, message);
  fails(t, "Cannot run adjustLogits: masks must be [1,2], got [1,1]");
  fails({ ...t, masks: made([1, 2]) }, "Cannot run adjustLogits: 3 rows wanted, 2 given");
});
