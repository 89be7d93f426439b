import { assert, assertNotEquals } from "@std/assert";
import { dropoutForward } from "../../kernels/dropout/mod.ts";
import * as reference from "../../kernels/dropout/reference.ts";
import { keepFactor } from "../../kernels/random/reference.ts";
import { input, LADDER, output, testOp, update } from "./contract.ts";

const clock = [7, 3];
const cases = [...LADDER.map((n) => [n, 0.2, 5]), [257, 0, 5], [257, 0.9, 2 ** 31]];

testOp(
  "dropoutForward: equals the reference",
  dropoutForward,
  reference.dropoutForward,
  cases.flatMap(([n, rate, layer]) =>
    [true, false].map((inPlace) => ({
      label: `n = ${n}, rate ${rate}${inPlace ? ", in place" : ""}`,
      tensors: {
        ...(inPlace ? { x: update([n]) } : { x: input([n]), y: output([n]) }),
        clock: input([2], (i) => clock[i], "u32"),
      },
      options: { rate, layer },
      sizes: { keep: (element: number) => keepFactor({ seed: 7, step: 3, layer, rate }, element) },
    }))
  ),
);

Deno.test("keepFactor: keeps 1 − rate of the elements, others for another seed, step or layer", () => {
  const mask = (seed: number, step: number, layer: number) =>
    Array.from({ length: 4000 }, (_, i) => keepFactor({ seed, step, layer, rate: 0.2 }, i));
  const first = mask(1, 2, 3);
  const kept = first.filter((factor) => factor > 0).length / 4000;
  assert(Math.abs(kept - 0.8) < 0.03, `kept ${kept}`);
  for (const other of [mask(2, 2, 3), mask(1, 3, 3), mask(1, 2, 4)]) assertNotEquals(other, first);
});
