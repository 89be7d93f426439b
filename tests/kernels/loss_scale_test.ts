import { assertThrows } from "@std/assert";
import { Device, Pass } from "../../kernels/mod.ts";
import { scaleLoss, updateLossScale } from "../../kernels/loss_scale/mod.ts";
import * as reference from "../../kernels/loss_scale/reference.ts";
import { input, testOp, update } from "./contract.ts";

const pair = (a: number, b: number) => update([2], (i) => [a, b][i]);

testOp("scaleLoss: equals the reference", scaleLoss, reference.scaleLoss, [{
  label: "2^16",
  tensors: { state: input([2], (i) => [65536, 3][i]), scale: update([1], () => 1 / 768) },
}]);

testOp(
  "updateLossScale: equals the reference",
  updateLossScale,
  reference.updateLossScale,
  [
    { label: "clipped", state: [1024, 3], norm: 5000, clip: 1, interval: 9 },
    { label: "short enough", state: [1024, 3], norm: 900, clip: 1, interval: 9 },
    { label: "no clipping", state: [1024, 3], norm: 5000, clip: 0, interval: 9 },
    { label: "grows", state: [1024, 8], norm: 5000, clip: 1, interval: 9 },
    { label: "grows no further", state: [2 ** 24, 8], norm: 5000, clip: 1, interval: 9 },
    { label: "infinite", state: [1024, 8], norm: Infinity, clip: 1, interval: 9 },
    { label: "shrinks no further", state: [1, 8], norm: Infinity, clip: 1, interval: 9 },
  ].map(({ label, state, norm, clip, interval }) => ({
    label,
    tensors: { state: pair(state[0], state[1]), norm: pair(norm, 7) },
    options: { clip, interval },
  })),
);

Deno.test("updateLossScale: shapes and options that do not fit are named", async () => {
  using device = await Device.open();
  using state = device.tensor("state", [2]);
  using norm = device.tensor("norm", [3]);
  const pass = new Pass(device);
  assertThrows(
    () => updateLossScale(pass, { state, norm }),
    RangeError,
    "Cannot run updateLossScale: norm must be [2], got [3]",
  );
  assertThrows(
    () => updateLossScale(pass, { state, norm: norm.view(0, [2]) }, { interval: 0 }),
    RangeError,
    "interval 1 or more, got 0 and 0",
  );
});
