import { assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import { logProbabilities } from "../../kernels/log_probability/mod.ts";
import * as reference from "../../kernels/log_probability/reference.ts";
import { input, LADDER, normal, testOp, update } from "./contract.ts";

interface Sizes {
  R: number;
  rows: number;
  V: number;
  lanes: number;
  value?: (i: number) => number;
}

testOp(
  "logProbabilities: equals the reference",
  logProbabilities,
  reference.logProbabilities,
  (<Sizes[]> [
    ...[1, 30, 65, 257].flatMap((V) => [8, 16].map((lanes) => ({ R: 9, rows: 9, V, lanes }))),
    ...LADDER.map((rows) => ({ R: 257, rows, V: 23, lanes: 8 })),
    { R: 4, rows: 4, V: 50_257, lanes: 8 },
    // Few values, so that most logits are equal to others.
    { R: 9, rows: 9, V: 100, lanes: 8, value: (i: number) => i % 7 },
  ]).map(({ R, rows, V, lanes, value = normal(V) }) => ({
    label: `${rows} of ${R} rows, V = ${V}, lanes ${lanes}`,
    tensors: {
      logits: input([R, V], (i) => 5 * value(i)),
      // No more are asked for than there are.
      picks: input([R, 4], (i) => Math.min([0, 1, 2, 6, 21][(i >> 2) % 5], V + 1), "u32"),
      tokens: input([R], (i) => (i * 31) % V, "u32"),
      ids: update([R, 21], () => 7, "u32"),
      values: update([R, 21]),
    },
    options: { rows, lanes },
    sizes: { R: rows, V },
  })),
);

Deno.test("logProbabilities: shapes that do not fit are named", async () => {
  using device = await Device.open();
  using logits = device.tensor("logits", [2, 9]);
  using picks = device.tensor("picks", [2, 4], "u32");
  using tokens = device.tensor("tokens", [2], "u32");
  using ids = device.tensor("ids", [3, 21], "u32");
  using values = device.tensor("values", [3, 21]);
  using few = device.tensor("values", [3, 20]);
  const fails = (given: typeof values, message: string) =>
    assertThrows(
      () => logProbabilities(new Pass(device), { logits, picks, tokens, ids, values: given }),
      RangeError,
      `Cannot run logProbabilities: ${message}`,
    );
  fails(values, "3 rows wanted, 2 given");
  fails(few, "values must be [3,21], got [3,20]");
});
