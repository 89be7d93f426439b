import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Device, Pass, type Tensor } from "../../kernels/mod.ts";
import { gradientNorm, gradientNormPartialShape } from "../../kernels/gradient_norm/mod.ts";
import * as reference from "../../kernels/gradient_norm/reference.ts";
import { input, LADDER, normal, output, testOp } from "./contract.ts";

interface Two<T> {
  a: T;
  b: T;
  norm: T;
}

testOp(
  "gradientNorm: equals the reference",
  (pass, { a, b, norm }: Two<Tensor>, options) => {
    const gradients = [a, b];
    // Freed with the device.
    const partial = pass.device.tensor("partial", gradientNormPartialShape(gradients));
    gradientNorm(pass, { gradients, partial, norm }, options);
  },
  ({ a, b, norm }: Two<Float64Array>, options) =>
    reference.gradientNorm({ gradients: [a, b], norm }, options),
  [...LADDER, 4 * 4096 * 64 + 4].flatMap((n) =>
    [0, 1e-3, 1e9].map((clip) => ({
      label: `n = ${n}, clip ${clip}`,
      tensors: { a: input([n]), b: input([3, 4]), norm: output([2]) },
      options: { clip },
      tolerance: 1e-6,
    }))
  ),
);

async function normOf(device: Device, values: Float32Array<ArrayBuffer>, clip = 0) {
  using gradient = device.tensor("gradient", [values.length]);
  using partial = device.tensor("partial", gradientNormPartialShape([gradient]));
  using norm = device.tensor("norm", [2]);
  gradient.write(values);
  using recording = await device.record(
    "norm",
    (pass) => gradientNorm(pass, { gradients: [gradient], partial, norm }, { clip }),
  );
  recording.run();
  return await norm.read();
}

Deno.test("gradientNorm: a gradient larger than a binding is walked over in parts", async () => {
  using device = await Device.open({ maxBindingBytes: 65536 });
  const values = Float32Array.from({ length: 50_001 }, normal());
  const expected = Math.sqrt(values.reduce((sum, g) => sum + g * g, 0));
  const [norm, scale] = await normOf(device, values, 2);
  assertAlmostEquals(norm / expected, 1, 1e-6);
  assertAlmostEquals(scale * expected / 2, 1, 1e-6);
});

Deno.test("gradientNorm: a NaN or an infinity anywhere shows", async () => {
  using device = await Device.open({ maxBindingBytes: 65536 });
  for (const bad of [NaN, Infinity, -Infinity]) {
    for (const at of [0, 16_385, 50_000]) {
      const values = Float32Array.from({ length: 50_001 }, normal());
      values[at] = bad;
      const [norm] = await normOf(device, values, 1);
      assert(!Number.isFinite(norm), `${bad} at ${at} gave ${norm}`);
    }
  }
});

Deno.test("gradientNorm: gradients of zero are not scaled", async () => {
  using device = await Device.open();
  assertEquals([...await normOf(device, new Float32Array(100), 1)], [0, 1]);
});

Deno.test("gradientNorm: wrong shapes and options are refused", async () => {
  using device = await Device.open();
  using gradient = device.tensor("gradient", [8]);
  using partial = device.tensor("partial", [8]);
  using enough = device.tensor("partial", [4096]);
  using norm = device.tensor("norm", [2]);
  const pass = new Pass(device);
  assertThrows(
    () => gradientNorm(pass, { gradients: [gradient], partial, norm }),
    RangeError,
    "Cannot run gradientNorm: partial must be [4096], got [8]",
  );
  assertThrows(
    () => gradientNorm(pass, { gradients: [gradient], partial: enough, norm }, { clip: -1 }),
    RangeError,
    "Cannot run gradientNorm: clip must be 0 or more, got -1",
  );
});
