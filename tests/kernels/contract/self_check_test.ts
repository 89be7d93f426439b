import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  giveUpWrongVariants,
  input,
  type KernelCase,
  output,
} from "../../../kernels/contract/mod.ts";
import { Device, GpuError, type Pass, type Question, type Tensor } from "../../../kernels/mod.ts";

/** Doubling 64 numbers, by variants that are named after what they multiply by. */
function doubling(...factors: string[]): KernelCase {
  const op = (pass: Pass, { x, y }: Record<string, Tensor>) => {
    const variants = factors.map((name) => ({ name, order: "one" }));
    const question: Question = {
      ...{ group: "double 64", rows: 64, variants, plain: variants[0] },
      trial: { tensors: {}, results: [], operations: 0, run: () => {} },
    };
    const { name } = pass.device.choices.pick(question);
    const code = /* wgsl */ `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32) { y[i] = ${name} * x[i]; }
`;
    pass.launch({ label: `double/all ${name}`, code }, { x, y }, {}, { threads: 64 });
  };
  return {
    label: "double/all",
    op,
    reference: ({ x, y }) => y.set(x.map((value: number) => 2 * value)),
    tensors: { x: input([64]), y: output([64]) },
  };
}

Deno.test("giveUpWrongVariants: a default that computes wrong is named, and the next right one used", async () => {
  using device = await Device.open();
  const one = doubling("3.0", "2.01", "2.0");
  const wrong = await giveUpWrongVariants(device, [one, one]);
  assertEquals(wrong.map(({ label }) => label), ["double/all 3.0", "double/all 2.01"]);
  for (const { fault } of wrong) assertMatch(fault, /^y \[64\]: element \d+ is .+, expected /);
  assertEquals(device.choices.asked.size, 0, "the tuner is not asked for its sizes");
  using x = device.tensor("x", [64]);
  using y = device.tensor("y", [64]);
  x.write(new Float32Array(64).fill(4));
  using recording = await device.record("double", (pass) => one.op(pass, { x, y }, {}));
  recording.run();
  assertEquals([...await y.read()], Array(64).fill(8));
});

Deno.test("giveUpWrongVariants: where all are wrong nothing is computed", async () => {
  using device = await Device.open();
  await assertRejects(
    () => giveUpWrongVariants(device, [doubling("3.0", "4.0")]),
    GpuError,
    "Cannot compute on this adapter: no variant of double/all is right.",
  );
});

Deno.test("giveUpWrongVariants: what this adapter begins with is right", async () => {
  using device = await Device.open();
  assertEquals(await giveUpWrongVariants(device), []);
});
